import { CollabError } from "../../errors.ts";
import type { Agent, Frontmatter } from "../../hub/record/entries.ts";
import { packageVersion } from "../../paths.ts";
import type { Run } from "../../runner/runner.ts";
import { authorsOf } from "../../runner/stack/lineage.ts";
import type { Tree } from "../../tree.ts";
import type { ToolContext } from "../tool.ts";
import { creditLines } from "./credits.ts";

/** A result as it would be posted, and what is stored with it. */
interface PreparedResult {
  frontmatter: Frontmatter & { lineage?: Run["ancestors"] };
  stack: Tree;
  evidence: Tree;
}

interface Words {
  method: string;
  description: string;
  status: "agent-run" | "negative";
  credits: string[];
}

/**
 * A result out of a run: every number out of the run, every debt out of the lineage, the words by the agent.
 * NOT_POSTABLE, with what can be done instead, where the run does not support the claim.
 */
export async function draftResult(
  id: string,
  agent: Agent,
  words: Words,
  context: ToolContext,
): Promise<PreparedResult> {
  const { runner, challenge } = context;
  const run = await runner.run(id);
  if (run.agentId !== agent.id) {
    throw new CollabError(
      "FORBIDDEN",
      `${id} belongs to ${run.agentId}`,
      "benchmark_get {} lists your own runs",
    );
  }
  refusePlaceholder("method", words.method);
  refusePlaceholder("description", words.description);
  const numbers = postableNumbers(run, words.status, context);
  const [evidence, stack, devices] = await Promise.all([
    runner.evidence(id),
    runner.stack(id),
    runner.devices(),
  ]);
  const original = await firstWithStack(stack.digest, agent.id, context);
  const parents = original
    ? [original]
    : run.ancestors.slice(0, 1).map(({ result, digest }) => result ?? digest);
  const credits = await creditLines(words.credits, owed(run, original), agent.id, context);
  const frontmatter = {
    ...numbers,
    method: words.method,
    status: words.status,
    description: words.description,
    challenge: challenge.id,
    profile: run.profile,
    stack_name: run.stackName,
    stack_digest: stack.digest,
    run_digest: evidence.digest,
    run_id: run.id,
    parents,
    ...(run.ancestors.length > 0 && { lineage: run.ancestors }),
    credits,
    ...(original && { reproduces: original }),
    hardware: devices.find((device) => device.id === run.device)?.name ?? run.device,
    harness: `agent-collabs-mcp ${packageVersion}`,
  };
  return { frontmatter, stack, evidence };
}

/** Authors to thank: those of the lineage, and whoever ran these very bytes first. */
function owed(run: Run, original: string | undefined): Map<string, string> {
  const debts = new Map<string, string>();
  for (const author of authorsOf(run.ancestors)) debts.set(author, "an ancestor of this stack");
  const first = original?.slice("YYYYMMDD-HHMMSS-mmm_".length, -".md".length);
  if (first !== undefined) debts.set(first, "this very stack");
  return debts;
}

/** The earliest standing result of another agent with the same stack. */
async function firstWithStack(
  digest: string,
  agentId: string,
  { hub }: ToolContext,
): Promise<string | undefined> {
  const { items } = await hub.results({ stackDigest: digest, order: "asc", limit: 50, withdrawn: false });
  return items.find(({ author }) => author !== agentId)?.filename;
}

const COPIED = [
  "tps",
  "total_tps",
  "ppl",
  "ppl_num_tokens",
  "completed",
  "num_prompts",
  "output_len",
  "duration_s",
  "mean_e2e_latency_ms",
  "p99_e2e_latency_ms",
  "tps_mean",
  "tps_sd",
  "launches",
  "fingerprints",
];

function postableNumbers(run: Run, status: Words["status"], { challenge }: ToolContext): Frontmatter {
  const { score, guard } = challenge;
  if (run.challengeId !== challenge.id) {
    throw new CollabError(
      "NOT_POSTABLE",
      `${run.id} measured for the challenge ${run.challengeId}, and this record is that of ${challenge.id}`,
      `benchmark_start {"stack":"${run.stackName}"} measures for this one`,
    );
  }
  if (run.state !== "completed") {
    throw new CollabError(
      "NOT_POSTABLE",
      `${run.id} is ${run.state}${run.failure ? ` (${run.failure.class})` : ""}; only a completed run has a result`,
      run.state === "cancelled"
        ? `benchmark_start {"stack":"${run.stackName}"} measures it anew`
        : run.state === "failed"
          ? `benchmark_logs {"run":"${run.id}"} shows why it failed`
          : `benchmark_get {"run":"${run.id}","wait_seconds":25}`,
    );
  }
  if (!run.official) {
    throw new CollabError(
      "NOT_POSTABLE",
      `${run.id} ran the profile "${run.profile}", whose numbers are not official`,
      `benchmark_start {"stack":"${run.stackName}"} measures with the official profile`,
    );
  }
  const value = run.summary[score.field];
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new CollabError(
      "NOT_POSTABLE",
      `${run.id} measured no ${score.field} above 0`,
      `benchmark_get {"run":"${run.id}","detail":"full"} shows what it measured`,
    );
  }
  const guarded = guard ? run.summary[guard.field] : undefined;
  if (guard && status === "agent-run" && !(typeof guarded === "number" && guarded <= guard.cap)) {
    throw new CollabError(
      "NOT_POSTABLE",
      `${guard.field} is ${typeof guarded === "number" ? `${guarded}, over the cap of ${guard.cap}` : "not measured"}: it cannot be posted as a score`,
      'result_submit with "status":"negative" keeps the lesson on record, unranked',
    );
  }
  const fields = new Set([
    score.field,
    ...(guard ? [guard.field] : []),
    ...challenge.required_result_fields,
    ...COPIED,
  ]);
  return Object.fromEntries(
    [...fields].flatMap((field) => (run.summary[field] === undefined ? [] : [[field, run.summary[field]]])),
  );
}

/** Text that was meant to be replaced: a template's hint, an ellipsis, a bracketed blank. */
const PLACEHOLDER =
  /^[\s.…_?*-]*$|^<.*>$|^\[.*\]$|^(todo|tbd|tba|n\/?a|xxx+|placeholder|test|description|method|lorem ipsum.*)\.?$|<=? ?\d+ chars/i;

function refusePlaceholder(field: string, text: string): void {
  if (/[\r\n]/.test(text)) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${field} has line breaks`,
      `result_submit with a ${field} of one line; details go into body`,
    );
  }
  if (PLACEHOLDER.test(text.trim())) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${field} ${JSON.stringify(text.slice(0, 60))} is a placeholder`,
      `result_submit with a ${field} that says what you did`,
    );
  }
}
