import type { Summary } from "../runner.ts";
import { mean, sampleSd } from "../stats/percentile.ts";
import type { LaunchResult } from "./measure-launch.ts";
import { pathWarnings } from "./path-comparison.ts";

/** Client overhead from which on the score says something about this machine instead of the stack (2.3: 0.03 %). */
const MOST_OVERHEAD = 0.001;

/**
 * What a run measured: numbers are means over its launches, anything else is kept where all launches agree. `tps_sd`
 * is the sample standard deviation and needs two launches.
 */
export function runSummary(launches: readonly LaunchResult[]): Summary {
  const [first, ...others] = launches.map((launch) => launch.summary);
  if (!first) return {};
  const summary: Summary = {};
  for (const [field, value] of Object.entries(first)) {
    const values = [first, ...others].map((one) => one[field]);
    const numbers = values.filter((one) => typeof one === "number");
    if (numbers.length === values.length) summary[field] = mean(numbers);
    else if (others.every((one) => JSON.stringify(one[field]) === JSON.stringify(value)))
      summary[field] = value;
  }
  const tps = launches.map((launch) => launch.summary.tps).filter((one) => typeof one === "number");
  return {
    ...summary,
    launches: launches.length,
    tps_mean: mean(tps),
    ...(tps.length > 1 && { tps_sd: sampleSd(tps) }),
    fingerprints: launches.map((launch) => launch.fingerprint),
  };
}

/** Warnings of all launches, each once, naming the launch where there are several. */
export function runWarnings(launches: readonly LaunchResult[]): string[] {
  return launches.flatMap((launch, index) => {
    const overhead = launch.clientOverheadShare;
    const warnings = [
      ...pathWarnings(launch.paths),
      ...(overhead > MOST_OVERHEAD
        ? [`${(overhead * 100).toFixed(2)} % of the measured time passed in this client, not in the server`]
        : []),
    ];
    return warnings.map((warning) => (launches.length > 1 ? `launch ${index + 1}: ${warning}` : warning));
  });
}
