import type { DigestQuery, HubDigest } from "../hub.ts";
import { newestAgents } from "./agents.ts";
import type { Board } from "./board.ts";
import { newestStamp } from "./insert-entry.ts";
import { counter } from "./listing.ts";
import { listInbox, listMessages } from "./messages.ts";
import { listResults } from "./results.ts";
import type { Store } from "./store.ts";

/** How much of each (hub-protocol 3.8). */
const SHOWN = { agents: 5, rows: 10, messages: 20, results: 10, inbox: 10 };

/**
 * Everything in one snapshot: what is stamped after `stamp` is not in it, and nothing that is not in it will ever be
 * stamped earlier. `since` filters messages, results and the inbox, not the leaderboard.
 */
export function readDigest(store: Store, board: Board, { as, since }: DigestQuery): HubDigest {
  const { db } = store;
  const period = since === undefined ? {} : { since };
  return db.snapshot(() => ({
    agents: { count: counter(db, "agent"), newest: newestAgents(store, SHOWN.agents) },
    leaderboard: board.read({ limit: SHOWN.rows }),
    recentMessages: listMessages(store, { ...period, limit: SHOWN.messages }),
    recentResults: listResults(store, { ...period, limit: SHOWN.results }),
    inbox: as === undefined ? null : listInbox(store, as, { ...period, limit: SHOWN.inbox }),
    stamp: newestStamp(db) ?? null,
  }));
}
