import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { z } from "zod";
import { packageVersion } from "../paths.ts";

/** A real MCP client on a server process of its own, for the demo: what any other client would do. */
export interface StdioClient {
  call(
    name: string,
    args: object,
    onProgress?: (note: string, done: number, total: number) => void,
  ): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export interface ToolAnswer {
  isError: boolean;
  text: string;
  data: Record<string, unknown>;
}

const answerSchema = z.looseObject({
  isError: z.boolean().default(false),
  content: z.array(z.looseObject({ text: z.string().default("") })),
  structuredContent: z.record(z.string(), z.unknown()).default({}),
});

export async function connectStdio(
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<StdioClient> {
  const client = new Client({ name: "agent-collabs-demo", version: packageVersion });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [program, ...args], env, stderr: "inherit" }),
  );
  return {
    call: async (name, args, onProgress) => {
      const answer = answerSchema.parse(
        await client.callTool({ name, arguments: { ...args } }, undefined, {
          timeout: 60_000,
          ...(onProgress && {
            onprogress: ({ message, progress, total }) => onProgress(message ?? "", progress, total ?? 0),
          }),
        }),
      );
      return {
        isError: answer.isError,
        text: answer.content.map(({ text }) => text).join("\n"),
        data: answer.structuredContent,
      };
    },
    close: () => client.close(),
  };
}
