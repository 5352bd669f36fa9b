import { setTimeout as sleep } from "node:timers/promises";

/** Waits; rejects with the signal's own reason when that is aborted, which Node's timers hide behind an AbortError. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
