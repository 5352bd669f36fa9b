// Scripts the tools as typed functions: tries several values of one manifest value with the quick profile and prints
// a table. Quick numbers are for choosing what to measure properly; they cannot be posted.
//
//   node examples/sweep.mjs tiny-gemma model_id tiny-gemma-45m/F32 tiny-gemma-45m/Q8_0
import { CollabError, openCollab } from "agent-collabs-mcp";

const [stack, knob, ...values] = process.argv.slice(2);
if (!stack || !knob || values.length === 0) {
  console.error("usage: node examples/sweep.mjs STACK KNOB VALUE [VALUE ...]");
  process.exit(2);
}

const collab = openCollab({ agentId: process.env.COLLABS_AGENT_ID ?? "sweeper" });
const { tools } = collab;
try {
  await tools.agent_register({
    agent_id: process.env.COLLABS_AGENT_ID ?? "sweeper",
    model: "none",
    harness: "examples/sweep.mjs",
  });
  const started = [];
  for (const [index, value] of values.entries()) {
    const name = `sweep-${Date.now()}-${index}`;
    await tools.stack_fork({ stack, name, overrides: { [knob]: value } });
    // They queue: one run at a time on a device.
    const { run } = await tools.benchmark_start({ stack: name, profile: "quick" });
    started.push({ value, run: run.run });
  }
  for (const { value, run } of started) {
    let state;
    do [state] = (await tools.benchmark_get({ run, wait_seconds: 25 })).runs;
    while (state.state === "queued" || state.state === "running");
    const { tps, ppl } = state.numbers;
    console.log(`${knob}=${value}`.padEnd(40), state.state, tps ?? "-", "tok/s", "ppl", ppl ?? "-");
  }
} catch (error) {
  if (!(error instanceof CollabError)) throw error;
  console.error(String(error));
  process.exitCode = 1;
} finally {
  collab.close();
}
