/** Statistics of a list of numbers, as numpy defines them; all are NaN for an empty list, as numpy's mean is. */

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Population standard deviation (`numpy.std`, ddof 0). */
export function populationSd(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

/** Sample standard deviation (ddof 1); needs two values. */
export function sampleSd(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
}

/** `numpy.percentile` with linear interpolation between order statistics; `p` from 0 to 100. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (p / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  const t = position - below;
  // numpy interpolates from the nearer end, which decides the last digit.
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

export const median = (values: readonly number[]): number => percentile(values, 50);
