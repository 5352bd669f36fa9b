import { float, type Json } from "./official-json.ts";

/** Fields that the official files hold as floats, also where their value is whole (benchmark-protocol 1.7). */
const FLOAT_FIELDS =
  /^(?:random_range_ratio|duration|duration_s|concurrency|ttfts|temperature|ready_at_unix|neg_log_likelihood|mean_record_ppl|ppl|tps_mean|tps_sd|(?:output_|total_)?tps|request_throughput_req_s|(?:request|input|output)_throughput|(?:mean|median|std|p95|p99)_\w+_ms)$/;

/** The same fields, the ones of that kind, and the members of lists of that kind, marked as floats. */
export const withFloats = (fields: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, FLOAT_FIELDS.test(name) ? marked(value) : value]),
  );

function marked(value: Json): Json {
  if (typeof value === "number") return float(value);
  return Array.isArray(value) ? value.map(marked) : value;
}
