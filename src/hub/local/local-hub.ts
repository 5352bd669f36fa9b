import type { Challenge } from "../../challenge.ts";
import type { Hub } from "../hub.ts";
import { findAgent, listAgents, registerAgent } from "./agents.ts";
import { openBlobs } from "./blobs.ts";
import { openBoard } from "./board.ts";
import { readDigest } from "./digest.ts";
import { lastLook, setLastLook } from "./handles.ts";
import { counter } from "./listing.ts";
import { findMessage, listInbox, listMessages, postMessage, previewMessage, readThread } from "./messages.ts";
import { findResult, listResults, postResult, previewResult } from "./results.ts";
import { search } from "./search.ts";
import { storageFailure } from "./storage-errors.ts";
import { assertChallenge, type OpenOptions, openRecord, type Store } from "./store.ts";
import { findTree, storeTree } from "./trees.ts";
import { withdrawResult } from "./withdraw-result.ts";

export interface LocalHubOptions extends OpenOptions {
  /** Where the record is kept; made where it is not there. */
  dir: string;
  challenge: Challenge;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * The embedded hub: SQLite and files in one directory that any number of processes may share. A write that was
 * answered is on the disk. CONFLICT where the directory holds another challenge's record, UNAVAILABLE where the disk
 * is full, read-only or failing, BUSY where other processes kept it locked too long.
 */
export function openLocalHub({ dir, challenge, now = Date.now, ...options }: LocalHubOptions): Hub {
  const store: Store = attempt(() => {
    const db = openRecord(dir, options);
    try {
      assertChallenge(db, challenge, dir);
    } catch (error) {
      db.close();
      throw error;
    }
    return { db, dir, challenge, now };
  });
  const { db } = store;
  const board = openBoard(store);
  const blobs = openBlobs(dir);
  let open = true;

  return {
    describe: async () =>
      attempt(() =>
        db.snapshot(() => ({
          kind: "local",
          location: dir,
          challengeId: challenge.id,
          scoreField: challenge.score.field,
          scoreOrder: challenge.score.order,
          agents: counter(db, "agent"),
          messages: counter(db, "message"),
          results: counter(db, "result"),
        })),
      ),

    registerAgent: async (registration) => attempt(() => registerAgent(store, registration)),
    agent: async (id) => attempt(() => findAgent(store, id)),
    agents: async (query) => attempt(() => db.snapshot(() => listAgents(store, query, board.bestScoreOf))),

    postMessage: async (draft) => attempt(() => postMessage(store, draft)),
    previewMessage: async (draft) => attempt(() => previewMessage(store, draft)),
    message: async (filename) => attempt(() => findMessage(store, filename)),
    messages: async (query) => attempt(() => db.snapshot(() => listMessages(store, query))),
    inbox: async (handle, query) => attempt(() => db.snapshot(() => listInbox(store, handle, query))),
    thread: async (filename, limit) => attempt(() => readThread(store, filename, limit)),

    postResult: async (draft) => attempt(() => postResult(store, draft)),
    previewResult: async (draft) => attempt(() => previewResult(store, draft)),
    result: async (filename) => attempt(() => findResult(store, filename)),
    results: async (query) => attempt(() => db.snapshot(() => listResults(store, query))),
    withdrawResult: async (draft) => attempt(() => withdrawResult(store, draft)),

    leaderboard: async (query) => attempt(() => board.read(query)),
    search: async (query) => attempt(() => search(store, query)),
    digest: async (query) => attempt(() => readDigest(store, board, query)),

    lastLook: async (agentId) => attempt(() => lastLook(db, agentId)),
    setLastLook: async (agentId, stamp) => attempt(() => setLastLook(db, agentId, stamp)),

    storeTree: async (tree) => {
      try {
        await storeTree(store, blobs, tree);
      } catch (error) {
        throw storageFailure(error);
      }
    },
    tree: async (digest) => attempt(() => findTree(store, blobs, digest)),

    close: () => {
      if (open) db.close();
      open = false;
    },
  };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error);
  }
}
