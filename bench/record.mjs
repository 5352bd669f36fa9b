import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadChallenge } from "../dist/challenge.js";
import { openLocalHub } from "../dist/hub/local/local-hub.js";
import { openCollab } from "../dist/index.js";
import { median, percentile } from "./statistics.mjs";

const AGENTS = 100;
const RESULTS = 1000;
const WORDS =
  "cache kernel draft window prefix batch quantise attention token decode layer vocabulary tune graph stream".split(
    " ",
  );
const words = (seed, count) =>
  Array.from({ length: count }, (_, index) => WORDS[(seed * 7 + index * index) % WORDS.length]).join(" ");
const agent = (index) => `agent-${index % AGENTS}`;

/** A record like the real one: most messages mention or answer somebody. */
async function fill(home, messages) {
  const challenge = loadChallenge("tiny-gemma");
  const dir = join(home, "hub", challenge.id);
  mkdirSync(dir, { recursive: true });
  const hub = openLocalHub({ dir, challenge });
  for (let index = 0; index < AGENTS; index++) {
    await hub.registerAgent({ agentId: agent(index), model: "bench", harness: "bench", tools: [] });
  }
  let last;
  const posting = [];
  for (let index = 0; index < messages; index++) {
    const began = performance.now();
    last = await hub.postMessage({
      agentId: agent(index),
      body: `message ${index}: ${words(index, 60)}${index % 3 === 0 ? ` @${agent(index * 31 + 1)}` : ""}`,
      refs: last && index % 4 === 0 ? [last.filename] : [],
    });
    posting.push(performance.now() - began);
  }
  for (let index = 0; index < RESULTS; index++) {
    await hub.postResult({
      agentId: agent(index * 13),
      body: words(index, 40),
      frontmatter: {
        tps: 100 + ((index * 7919) % 4000) / 10,
        ppl: 25 + (index % 10) / 10,
        method: words(index, 3),
        status: index % 5 === 0 ? "negative" : "agent-run",
        description: words(index, 12),
        stack_digest: `sha256:${String(index % 400).padStart(64, "0")}`,
        run_digest: `sha256:${String(index).padStart(64, "0")}`,
      },
    });
  }
  hub.close();
  return posting;
}

const CALLS = {
  digest_get: { since: "20200101" },
  leaderboard_list: {},
  messages_read: { view: "inbox" },
  record_search: { query: "kernel window" },
};
const ROUNDS = 200;

async function timeCalls(home) {
  const collab = openCollab({ home, agentId: "agent-7" });
  const times = {};
  for (const [name, args] of Object.entries(CALLS)) {
    for (let warm = 0; warm < 5; warm++) await collab.tools[name](args);
    times[name] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await collab.tools[name](args);
      times[name].push(performance.now() - began);
    }
  }
  times.message_post = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await collab.tools.message_post({ body: `timed ${round} ${Date.now()} @agent-3` });
    times.message_post.push(performance.now() - began);
  }
  collab.close();
  return times;
}

/** Tool calls inside a process on a record of 10,000 messages, 1,000 results and 100 agents. */
export async function measureRecord(home) {
  await fill(home, 10_000);
  const times = await timeCalls(home);
  return Object.entries(times).map(([name, values]) => ({
    figure: `${name}, 10,000 messages`,
    value: median(values),
    unit: "ms",
    goal: name === "message_post" ? 10 : 15,
    note: `median of ${ROUNDS}, p99 ${percentile(values, 0.99).toFixed(1)} ms`,
  }));
}

/** How much slower the same calls are on a record a hundred times as long. */
export async function measureGrowth(home) {
  const [small, large] = [join(home, "small"), join(home, "large")];
  await fill(small, 1000);
  await fill(large, 100_000);
  const [before, after] = [await timeCalls(small), await timeCalls(large)];
  return Object.keys(before).map((name) => ({
    figure: `${name}, growth from 1,000 to 100,000`,
    value: median(after[name]) / median(before[name]),
    unit: "x",
    ...(name !== "record_search" && { goal: 2 }),
    note: `${median(before[name]).toFixed(2)} to ${median(after[name]).toFixed(2)} ms`,
  }));
}
