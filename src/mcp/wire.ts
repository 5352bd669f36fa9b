import type { Tool as WireTool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Tool } from "../tools/tool.ts";

/** A tool as `tools/list` shows it: JSON Schema 2020-12, without what costs tokens and tells nothing. */
export function wireTool({ name, title, description, input, output, annotations }: Tool): WireTool {
  return {
    name,
    title,
    description,
    inputSchema: objectSchema(input, "input"),
    outputSchema: objectSchema(output, "output"),
    annotations: {
      readOnlyHint: annotations.readOnly,
      destructiveHint: annotations.destructive,
      idempotentHint: annotations.idempotent,
      openWorldHint: annotations.openWorld,
    },
  };
}

const jsonObject = z.record(z.string(), z.unknown());
const objectSchemaShape = z.looseObject({
  type: z.literal("object"),
  properties: z.record(z.string(), jsonObject).optional(),
  required: z.array(z.string()).optional(),
});

function objectSchema(schema: z.ZodObject, io: "input" | "output"): z.infer<typeof objectSchemaShape> {
  return objectSchemaShape.parse(slim(z.toJSONSchema(schema, { io, target: "draft-2020-12" }), io));
}

/** Bounds that only a wrong call ever meets, and then reads in its error. */
const QUIET = ["$schema", "propertyNames", "minLength", "maxLength", "minItems", "maxItems"];
/** In an answer nothing is left to choose: names and types are enough. */
const QUIET_IN_ANSWERS = ["additionalProperties", "required", "pattern"];

function slim(value: unknown, io: "input" | "output"): unknown {
  if (Array.isArray(value)) return value.map((item) => slim(item, io));
  const node = jsonObject.safeParse(value);
  if (!node.success) return value;
  const kept = Object.entries(node.data).filter(([key, item]) => {
    // "Anything goes" is what an object without this key says too.
    if (key === "additionalProperties" && typeof item === "object" && Object.keys(item ?? {}).length === 0) {
      return false;
    }
    // A property may have any of these names; there its value is a schema.
    if (typeof item === "object" && !Array.isArray(item) && key !== "propertyNames") return true;
    if (QUIET.includes(key) || Math.abs(Number(item)) === Number.MAX_SAFE_INTEGER) return false;
    return io === "input" || !QUIET_IN_ANSWERS.includes(key);
  });
  return Object.fromEntries(kept.map(([key, item]) => [key, slim(item, io)]));
}
