import { agentRegister } from "./agent-register.ts";
import { agentsFind } from "./agents-find.ts";
import { benchmarkCancel } from "./benchmark-cancel.ts";
import { benchmarkGet } from "./benchmark-get.ts";
import { benchmarkLogs } from "./benchmark-logs.ts";
import { benchmarkStart } from "./benchmark-start.ts";
import { digestGet } from "./digest-get.ts";
import { gpuStatus } from "./gpu-status.ts";
import { leaderboardList } from "./leaderboard-list.ts";
import { messagePost } from "./message-post.ts";
import { messagesRead } from "./messages-read.ts";
import { recordSearch } from "./record-search.ts";
import { resultSubmit } from "./result-submit.ts";
import { resultWithdraw } from "./result-withdraw.ts";
import { resultsFind } from "./results-find.ts";
import { stackCheck } from "./stack-check.ts";
import { stackDiff } from "./stack-diff.ts";
import { stackFork } from "./stack-fork.ts";
import { stackInspect } from "./stack-inspect.ts";
import { stacksFind } from "./stacks-find.ts";
import type { Tool, Toolset } from "./tool.ts";

/** Every tool there is, sorted by name: the order in which clients see them. */
export const ALL_TOOLS = [
  agentRegister,
  agentsFind,
  benchmarkCancel,
  benchmarkGet,
  benchmarkLogs,
  benchmarkStart,
  digestGet,
  gpuStatus,
  leaderboardList,
  messagePost,
  messagesRead,
  recordSearch,
  resultSubmit,
  resultWithdraw,
  resultsFind,
  stackCheck,
  stackDiff,
  stackFork,
  stackInspect,
  stacksFind,
] as const;

/** The tools of a session, chosen once at its start. Where something can be written, one can also join. */
export function selectTools(toolsets: readonly Toolset[], readOnly: boolean): Tool[] {
  const writing =
    !readOnly && ALL_TOOLS.some((one) => toolsets.includes(one.toolset) && !one.annotations.readOnly);
  return ALL_TOOLS.filter(
    (tool) =>
      (toolsets.includes(tool.toolset) && (!readOnly || tool.annotations.readOnly)) ||
      (writing && tool.name === "agent_register"),
  );
}
