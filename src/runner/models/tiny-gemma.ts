import type { GgufFile, MetadataValue, Tensor } from "./gguf.ts";
import { type Dtype, ENCODINGS } from "./quantize.ts";
import { fillRandom } from "./random.ts";
import { CONTROL_TOKENS, isTextToken, vocabulary } from "./vocabulary.ts";

/**
 * A model of the Gemma 4 architecture with seeded random weights. It knows no language; everything else about it is
 * real: sliding and full attention layers with heads of different width, keys and values shared by the later layers,
 * per-layer embeddings, gated feed-forward blocks between norms, capped logits. The output head is not tied to the
 * embedding: tied, random weights repeat one token for ever.
 */
export const SIZES = {
  test: {
    vocab: 512,
    embedding: 128,
    layers: 4,
    feedForward: 384,
    heads: 4,
    kvHeads: 1,
    headSliding: 32,
    headFull: 64,
    perLayer: 32,
    sharedKvLayers: 2,
    fullEvery: 2,
    slidingWindow: 64,
  },
  game: {
    vocab: 2048,
    embedding: 512,
    layers: 12,
    feedForward: 1824,
    heads: 8,
    kvHeads: 2,
    headSliding: 64,
    headFull: 128,
    perLayer: 32,
    sharedKvLayers: 6,
    fullEvery: 6,
    slidingWindow: 256,
  },
} as const;

export type Size = keyof typeof SIZES;
type Shape = (typeof SIZES)[Size];

/**
 * How much each block adds to the residual stream, whose embedding has RMS 1, how sharp attention is, and how far
 * apart the logits are. Together they set the perplexity of the model's own text (about 25) and what rounding every
 * weight to four bits costs (about 9 % of it).
 */
const ATTENTION_GAIN = 0.12;
const FEED_FORWARD_GAIN = 0.1;
const PER_LAYER_GAIN = 0.08;
const ATTENTION_SHARPNESS = 2.5;
const LOGIT_STD = 3.8;
const LOGIT_CAP = 30;

const CHAT_TEMPLATE = `{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}`;

/** The whole model as a file; weights are drawn when the file is written. */
export function tinyGemma(size: Size, dtype: Dtype): GgufFile {
  const shape = SIZES[size];
  return { metadata: metadata(size, shape, dtype), tensors: tensors(shape, dtype) };
}

const isFull = (shape: Shape, layer: number): boolean => (layer + 1) % shape.fullEvery === 0;
const layersOf = (shape: Shape): number[] => Array.from({ length: shape.layers }, (_, layer) => layer);

function metadata(size: Size, shape: Shape, dtype: Dtype): [string, MetadataValue][] {
  const { pieces, scores, types } = vocabulary(shape.vocab);
  const u32 = (value: number): MetadataValue => ({ type: "u32", value });
  const f32 = (value: number): MetadataValue => ({ type: "f32", value });
  const bool = (value: boolean): MetadataValue => ({ type: "bool", value });
  const string = (value: string): MetadataValue => ({ type: "string", value });
  const id = (token: (typeof CONTROL_TOKENS)[number]): MetadataValue => u32(CONTROL_TOKENS.indexOf(token));
  const model: [string, MetadataValue][] = [
    ["block_count", u32(shape.layers)],
    ["context_length", u32(4096)],
    ["embedding_length", u32(shape.embedding)],
    ["embedding_length_per_layer_input", u32(shape.perLayer)],
    ["feed_forward_length", u32(shape.feedForward)],
    ["attention.head_count", u32(shape.heads)],
    ["attention.head_count_kv", u32(shape.kvHeads)],
    ["attention.key_length", u32(shape.headFull)],
    ["attention.value_length", u32(shape.headFull)],
    ["attention.key_length_swa", u32(shape.headSliding)],
    ["attention.value_length_swa", u32(shape.headSliding)],
    ["attention.layer_norm_rms_epsilon", f32(1e-6)],
    ["attention.sliding_window", u32(shape.slidingWindow)],
    [
      "attention.sliding_window_pattern",
      { type: "bools", value: layersOf(shape).map((layer) => !isFull(shape, layer)) },
    ],
    ["attention.shared_kv_layers", u32(shape.sharedKvLayers)],
    ["rope.dimension_count", u32(shape.headFull)],
    ["rope.dimension_count_swa", u32(shape.headSliding)],
    ["rope.freq_base", f32(1_000_000)],
    ["rope.freq_base_swa", f32(10_000)],
    ["final_logit_softcapping", f32(LOGIT_CAP)],
  ];
  return [
    ["general.architecture", string("gemma4")],
    ["general.name", string(`tiny-gemma-${size}`)],
    ["general.file_type", u32(ENCODINGS[dtype].fileType)],
    ["general.quantization_version", u32(2)],
    ...model.map(([key, value]): [string, MetadataValue] => [`gemma4.${key}`, value]),
    ["tokenizer.ggml.model", string("llama")],
    ["tokenizer.ggml.pre", string("default")],
    ["tokenizer.ggml.tokens", { type: "strings", value: pieces }],
    ["tokenizer.ggml.scores", { type: "f32s", value: scores }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: types }],
    ["tokenizer.ggml.bos_token_id", id("<bos>")],
    ["tokenizer.ggml.eos_token_id", id("<eos>")],
    ["tokenizer.ggml.eot_token_id", id("<end_of_turn>")],
    ["tokenizer.ggml.unknown_token_id", id("<unk>")],
    ["tokenizer.ggml.padding_token_id", id("<pad>")],
    ["tokenizer.ggml.add_bos_token", bool(true)],
    ["tokenizer.ggml.add_eos_token", bool(false)],
    ["tokenizer.ggml.add_space_prefix", bool(false)],
    ["tokenizer.chat_template", string(CHAT_TEMPLATE)],
  ];
}

/** Matrices are stored in `dtype`; vectors always in F32, as llama.cpp's own quantiser leaves them. */
function tensors(shape: Shape, dtype: Dtype): Tensor[] {
  const { embedding, feedForward, perLayer, vocab, layers } = shape;
  /** A matrix of `rows` outputs, scaled so that inputs of RMS 1 give outputs of RMS `gain`. */
  const matrix = (name: string, columns: number, rows: number, gain = 1): Tensor => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    dtype,
    fill: (weights) => fillRandom(weights, `tiny-gemma/${name}`, gain / Math.sqrt(columns)),
  });
  const vector = (name: string, length: number, value: number): Tensor => ({
    name: `${name}.weight`,
    shape: [length],
    dtype: "F32",
    fill: (weights) => weights.fill(value),
  });
  const layer = (index: number): Tensor[] => {
    const full = isFull(shape, index);
    const head = full ? shape.headFull : shape.headSliding;
    const at = (name: string): string => `blk.${index}.${name}`;
    const keysAndValues = [
      matrix(at("attn_k"), embedding, head * shape.kvHeads),
      matrix(at("attn_v"), embedding, head * shape.kvHeads),
      vector(at("attn_k_norm"), head, ATTENTION_SHARPNESS / Math.sqrt(head)),
    ];
    return [
      vector(at("attn_norm"), embedding, 1),
      matrix(at("attn_q"), embedding, head * shape.heads),
      vector(at("attn_q_norm"), head, 1),
      ...(index < layers - shape.sharedKvLayers ? keysAndValues : []),
      matrix(at("attn_output"), head * shape.heads, embedding),
      vector(at("post_attention_norm"), embedding, ATTENTION_GAIN),
      vector(at("ffn_norm"), embedding, 1),
      matrix(at("ffn_gate"), embedding, feedForward),
      matrix(at("ffn_up"), embedding, feedForward),
      matrix(at("ffn_down"), feedForward, embedding),
      vector(at("post_ffw_norm"), embedding, FEED_FORWARD_GAIN),
      matrix(at("inp_gate"), embedding, perLayer),
      matrix(at("proj"), perLayer, embedding),
      vector(at("post_norm"), embedding, PER_LAYER_GAIN),
    ];
  };
  return [
    matrix("token_embd", embedding, vocab),
    matrix("per_layer_token_embd", perLayer * layers, vocab, Math.sqrt(layers)),
    matrix("per_layer_model_proj", embedding, perLayer * layers),
    vector("per_layer_proj_norm", perLayer, 1),
    {
      name: "rope_freqs.weight",
      shape: [shape.headFull / 2],
      dtype: "F32",
      fill: proportionalRope,
    },
    ...layersOf(shape).flatMap(layer),
    vector("output_norm", embedding, LOGIT_STD),
    outputHead(matrix("output", embedding, vocab), embedding),
  ];
}

/** Full-attention heads turn only a quarter of their dimensions; a divisor this large stands for no turning. */
function proportionalRope(divisors: Float32Array): void {
  divisors.fill(1e30);
  divisors.fill(1, 0, divisors.length / 4);
}

/** Byte and control tokens other than the two that end a text get logits near zero, so that output is text. */
function outputHead(head: Tensor, embedding: number): Tensor {
  const speaks = (id: number): boolean =>
    isTextToken(id) || CONTROL_TOKENS[id] === "<eos>" || CONTROL_TOKENS[id] === "<end_of_turn>";
  return {
    ...head,
    fill: (weights) => {
      head.fill(weights);
      for (let id = 0; id * embedding < weights.length; id++) {
        if (speaks(id)) continue;
        for (let column = 0; column < embedding; column++) {
          const at = id * embedding + column;
          weights[at] = (weights[at] ?? 0) * 0.125;
        }
      }
    },
  };
}
