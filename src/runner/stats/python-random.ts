/**
 * Python's seeded `random`: MT19937 with `init_by_array` seeding. The official client shuffles the prompts with it,
 * so the order of a run is reproducible only through the same generator (benchmark-protocol 2.4).
 */
const N = 624;
const M = 397;

export interface PythonRandom {
  /** The next 32 bits. */
  nextUint32(): number;
  /** A float in [0, 1) of 53 bits. */
  random(): number;
  /** An integer in [0, n), for n up to 2^32. */
  below(n: number): number;
  /** A shuffled copy: Fisher-Yates from the end, as `random.shuffle` does it. */
  shuffle<T>(items: readonly T[]): T[];
}

/** `random.Random(seed)` for a non-negative integer seed. */
export function pythonRandom(seed: number): PythonRandom {
  const state = seededState(seed);
  let index = N;

  const at = (i: number): number => state[i] ?? 0;

  const refill = (): void => {
    for (let i = 0; i < N; i++) {
      const y = (at(i) & 0x80000000) | (at((i + 1) % N) & 0x7fffffff);
      state[i] = at((i + M) % N) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    index = 0;
  };

  const nextUint32 = (): number => {
    if (index >= N) refill();
    let y = at(index++);
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };

  const below = (n: number): number => {
    const bits = 32 - Math.clz32(n);
    let value = nextUint32() >>> (32 - bits);
    while (value >= n) value = nextUint32() >>> (32 - bits);
    return value;
  };

  return {
    nextUint32,
    random: () => {
      const high = nextUint32() >>> 5;
      const low = nextUint32() >>> 6;
      return (high * 67108864 + low) / 9007199254740992;
    },
    below,
    shuffle: (items) => {
      const indices = items.map((_, i) => i);
      for (let i = indices.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const held = indices[i] ?? 0;
        indices[i] = indices[j] ?? 0;
        indices[j] = held;
      }
      return indices.flatMap((i) => items.slice(i, i + 1));
    },
  };
}

function seededState(seed: number): Uint32Array {
  const key = [seed >>> 0];
  if (seed >= 2 ** 32) key.push(Math.floor(seed / 2 ** 32));
  const state = new Uint32Array(N);
  const at = (i: number): number => state[i] ?? 0;
  const mixed = (i: number): number => at(i - 1) ^ (at(i - 1) >>> 30);

  state[0] = 19650218;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(i)) + i;

  let i = 1;
  let j = 0;
  const advance = (): void => {
    i++;
    if (i >= N) {
      state[0] = at(N - 1);
      i = 1;
    }
  };
  for (let k = Math.max(N, key.length); k > 0; k--) {
    state[i] = (at(i) ^ Math.imul(mixed(i), 1664525)) + (key[j] ?? 0) + j;
    j = (j + 1) % key.length;
    advance();
  }
  for (let k = N - 1; k > 0; k--) {
    state[i] = (at(i) ^ Math.imul(mixed(i), 1566083941)) - i;
    advance();
  }
  state[0] = 0x80000000;
  return state;
}
