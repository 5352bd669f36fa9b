import { describe, expect, test } from "vitest";
import { instructions } from "../../src/mcp/instructions.ts";
import { wireTool } from "../../src/mcp/wire.ts";
import { ALL_TOOLS, selectTools } from "../../src/tools/index.ts";
import { TOOLSETS } from "../../src/tools/tool.ts";

const listed = ALL_TOOLS.map(wireTool);
// Characters / 4 is close enough to tokens to hold a budget.
const tokens = (value: unknown) => JSON.stringify(value).length / 4;

const nodes = (value: unknown): Record<string, unknown>[] =>
  typeof value === "object" && value !== null
    ? [value as Record<string, unknown>, ...Object.values(value).flatMap(nodes)]
    : [];

describe("the list of tools", () => {
  test("is sorted by name, each name short and in one style", () => {
    const names = listed.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    for (const name of names) expect(name).toMatch(/^[a-z]+_[a-z]+$/);
  });

  test("costs at most 9,000 tokens, and no tool more than 800", () => {
    expect(tokens(listed)).toBeLessThanOrEqual(9000);
    for (const tool of listed) expect(tokens(tool), tool.name).toBeLessThanOrEqual(800);
  });

  test("has strict inputs, described and without unions, which some clients drop", () => {
    for (const { name, inputSchema, outputSchema } of listed) {
      expect(inputSchema.additionalProperties, name).toBe(false);
      for (const schema of [inputSchema, outputSchema]) {
        for (const node of nodes(schema)) {
          for (const union of ["oneOf", "allOf", "$ref"]) expect(node, name).not.toHaveProperty(union);
        }
      }
      for (const node of nodes(inputSchema)) expect(node, name).not.toHaveProperty("anyOf");
    }
  });

  test("states all four annotations, and none both reads only and destroys", () => {
    for (const { name, annotations = {} } of listed) {
      for (const hint of ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]) {
        expect(annotations, name).toHaveProperty(hint);
      }
      expect(annotations.readOnlyHint && annotations.destructiveHint, name).toBe(false);
    }
  });

  test("describes each tool in at most 600 characters", () => {
    for (const { name, description = "" } of listed) {
      expect(description.length, name).toBeGreaterThan(40);
      expect(description.length, name).toBeLessThanOrEqual(600);
    }
  });

  test("gives every write a dry run and every post an idempotency key", () => {
    for (const { name, annotations, inputSchema } of listed) {
      if (annotations?.readOnlyHint) continue;
      expect(inputSchema.properties, name).toHaveProperty("dry_run");
      if (!annotations?.idempotentHint)
        expect(inputSchema.properties, name).toHaveProperty("idempotency_key");
    }
  });
});

describe("the tools of a session", () => {
  test("read-only leaves what writes nothing", () => {
    const tools = selectTools(TOOLSETS, true);
    expect(tools.every(({ annotations }) => annotations.readOnly)).toBe(true);
    expect(tools.length).toBeLessThan(ALL_TOOLS.length);
  });

  test("toolsets choose groups; who may write may also join", () => {
    expect(selectTools(["messages"], false).map(({ name }) => name)).toEqual([
      "agent_register",
      "message_post",
      "messages_read",
    ]);
  });

  test("instructions fit into 1,500 characters and name only tools that are there", () => {
    expect(instructions(selectTools(TOOLSETS, false)).length).toBeLessThanOrEqual(1500);
    const readOnly = instructions(selectTools(TOOLSETS, true));
    expect(readOnly).not.toMatch(/agent_register|result_submit/);
    expect(readOnly).toContain("untrusted_");
  });
});
