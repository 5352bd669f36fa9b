import { join } from "node:path";
import { CollabError } from "../../errors.ts";
import type { Agent } from "../../hub/record/entries.ts";
import type { ToolContext } from "../tool.ts";

/** The id this session acts under; NOT_REGISTERED, with the call that mends it, where there is none. */
export function actingId(context: ToolContext): string {
  const { agentId } = context.identity;
  if (agentId === undefined) {
    throw new CollabError(
      "NOT_REGISTERED",
      "this session has no agent id yet (COLLABS_AGENT_ID is not set)",
      registerCall("your-id"),
    );
  }
  return agentId;
}

/** The registered agent behind this session. */
export async function actingAgent(context: ToolContext): Promise<Agent> {
  const id = actingId(context);
  const agent = await context.hub.agent(id);
  if (!agent)
    throw new CollabError("NOT_REGISTERED", `agent "${id}" is not registered here`, registerCall(id));
  return agent;
}

const registerCall = (id: string): string =>
  `agent_register {"agent_id":"${id}","model":"<your model>","harness":"<your harness>"}`;

export const workspaceOf = (context: ToolContext, agentId: string): string =>
  join(context.workspacesDir, agentId);
