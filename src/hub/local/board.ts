import { z } from "zod";
import type { LeaderboardQuery } from "../hub.ts";
import { type BoardEntry, boardEntry } from "../record/board-entry.ts";
import type { Leaderboard } from "../record/entries.ts";
import { leaderboard } from "../record/leaderboard.ts";
import { type Lineage, lineageOf } from "../record/lineage.ts";
import { parseTime } from "../record/stamps.ts";
import { counter } from "./listing.ts";
import { RESULT_COLUMNS, RESULT_TABLES, toResult } from "./rows.ts";
import type { Store } from "./store.ts";

/** The leaderboard of a store. */
export interface Board {
  read(query: LeaderboardQuery): Leaderboard;
  /** Best score of an agent on the default board; null for none. */
  bestScoreOf(agent: string): number | null;
}

const position = z.object({ id: z.number(), decided: z.string().nullable() });

/**
 * Ranks in memory. What ranking needs of each result is kept between calls: entries never change, so a call reads
 * only the results that are new since the last one, and all of them again after a verdict or a withdrawal.
 */
export function openBoard(store: Store): Board {
  const { db, challenge } = store;
  let rulings = -1;
  let newest = 0;
  let entries: BoardEntry[] = [];
  let lineage: Lineage = lineageOf([]);
  let best: Map<string, number> | undefined;

  const refresh = (): void => {
    const ruled = counter(db, "ruling");
    if (ruled === rulings && entries.length === counter(db, "result")) return;
    if (ruled !== rulings) {
      entries = [];
      newest = 0;
    }
    const rows = db
      .prepare(
        `SELECT e.id, v.decided, ${RESULT_COLUMNS.replace("e.body", "'' AS body")} FROM ${RESULT_TABLES}
         WHERE r.id > ? ORDER BY r.id`,
      )
      .all([newest]);
    for (const row of rows) {
      const { id, decided } = position.parse(row);
      entries.push(boardEntry(toResult(row), challenge, decided));
      newest = id;
    }
    rulings = ruled;
    lineage = lineageOf(entries);
    best = undefined;
  };

  const owners = (): Map<string, string> =>
    new Map(
      db
        .prepare("SELECT id, owner FROM agents WHERE owner IS NOT NULL")
        .all()
        .map(({ id, owner }) => [String(id), String(owner)]),
    );

  const goal = { scoreField: challenge.score.field, order: challenge.score.order };

  return {
    read: ({ asOf, ...query }) => {
      const time = asOf === undefined ? {} : { asOf: parseTime(asOf, "asOf") };
      return db.snapshot(() => {
        refresh();
        const ownerOf = owners();
        return leaderboard(entries, {
          ...goal,
          ...query,
          ...time,
          lineage,
          ownerOf: (agent) => ownerOf.get(agent) ?? null,
        });
      });
    },
    bestScoreOf: (agent) => {
      refresh();
      best ??= new Map(leaderboard(entries, { ...goal, lineage }).rows.map((row) => [row.agent, row.score]));
      return best.get(agent) ?? null;
    },
  };
}
