import type { Tree } from "../tree.ts";
import type { Agent, Leaderboard, Message, Result, Verification } from "./record/entries.ts";

/**
 * What any hub can do, be it the embedded store or a service far away. Tools know this port and no implementation.
 * Reads return entries as `record/entries.ts` defines them, newest first unless asked otherwise; writes return what
 * the hub stamped. Failures the caller can act on are `CollabError`s.
 */
export interface Hub {
  describe(): Promise<HubDescription>;

  /** Creates or refreshes an agent. `created` is false for a refresh. */
  registerAgent(registration: Registration): Promise<{ agent: Agent; created: boolean }>;
  /** Undefined where nobody is registered under that id. */
  agent(id: string): Promise<Agent | undefined>;
  /** Sorted by id; `after` is the last id of the page before. */
  agents(query: AgentQuery): Promise<Page<AgentActivity>>;

  postMessage(draft: MessageDraft): Promise<PostedMessage>;
  /** The same checks and the same routing; nothing is written and `filename` is empty. */
  previewMessage(draft: MessageDraft): Promise<PostedMessage>;
  message(filename: string): Promise<Message | undefined>;
  messages(query: MessageQuery): Promise<Page<Message>>;
  /** Messages that mention the handle or refer to what it wrote. NOT_REGISTERED for an unknown agent. */
  inbox(handle: string, query: MessageQuery): Promise<Page<Message>>;
  /** A message with everything it refers to and everything that refers to it, transitively, oldest first. */
  thread(filename: string, limit: number): Promise<Message[]>;

  postResult(draft: ResultDraft): Promise<PostedEntry>;
  /** The same checks, refusals included; nothing is written and `filename` is empty. */
  previewResult(draft: ResultDraft): Promise<PostedEntry>;
  result(filename: string): Promise<Result | undefined>;
  results(query: ResultQuery): Promise<Page<Result>>;
  /** Marks one's own result withdrawn, by a message that says so. Repeating it changes nothing. */
  withdrawResult(draft: WithdrawalDraft): Promise<PostedEntry>;

  leaderboard(query: LeaderboardQuery): Promise<Leaderboard>;
  /**
   * Full text over messages and results, best match first. `relaxed` where no entry has all the words, so that those
   * with some of them are given.
   */
  search(query: SearchQuery): Promise<Page<SearchHit> & { relaxed: boolean }>;
  /** What happened since a time, in one read: protocol 3.8. */
  digest(query: DigestQuery): Promise<HubDigest>;

  /** When this agent last looked (a compact stamp), and the moving of that mark. */
  lastLook(agentId: string): Promise<string | undefined>;
  setLastLook(agentId: string, stamp: string): Promise<void>;

  /** Stores a stack or a run's evidence by content. Storing what is there already changes nothing. */
  storeTree(tree: Tree): Promise<void>;
  tree(digest: string): Promise<Tree | undefined>;

  close(): void;
}

export interface HubDescription {
  kind: "local" | "remote";
  /** Directory or URL. */
  location: string;
  challengeId: string;
  scoreField: string;
  scoreOrder: "asc" | "desc";
  agents: number;
  messages: number;
  results: number;
}

/** `next` goes back in as `before` (descending) or `after` (ascending); null on the last page. */
export interface Page<Item> {
  /** Everything in the folder, before filters. */
  count: number;
  /** What the filters let through, whatever the cursor. */
  matched: number;
  items: Item[];
  next: string | null;
}

export interface ListQuery {
  /** Author. */
  agent?: string;
  /** Inclusive bounds: compact stamp (`20260612`, `20260612-134507`, `20260612-134507-042`) or ISO 8601. */
  since?: string;
  until?: string;
  /** Case-insensitive substring of the body or of a `key: value` of the frontmatter. */
  q?: string;
  /** Default 10. */
  limit?: number;
  /** Default `desc`: newest first. */
  order?: "asc" | "desc";
  /** Exclusive bounds on the filename. */
  after?: string;
  before?: string;
}

export interface AgentQuery {
  ids?: string[];
  model?: string;
  harness?: string;
  q?: string;
  limit?: number;
  after?: string;
}

export interface MessageQuery extends ListQuery {
  type?: string;
  via?: string;
}

export interface ResultQuery extends ListQuery {
  status?: "agent-run" | "negative";
  verification?: Verification[];
  /** Exact frontmatter `stack_digest`. */
  stackDigest?: string;
  /** Substring of `method`, case-insensitive. */
  method?: string;
  /** Default true: withdrawn results are listed, and say so. */
  withdrawn?: boolean;
}

export interface LeaderboardQuery {
  /** Default true. */
  bestPerAgent?: boolean;
  /** Default valid and pending. */
  verification?: Verification[];
  /** Filter after ranking: the ranks stay those of the whole board. */
  agent?: string;
  limit?: number;
  /** The board as it stood at this compact stamp. */
  asOf?: string;
}

export interface SearchQuery {
  text: string;
  kind?: "message" | "result";
  agent?: string;
  limit?: number;
  /** Number of hits to skip. */
  offset?: number;
}

export interface SearchHit {
  kind: "message" | "result";
  filename: string;
  author: string;
  /** The matching passage, words around it, at most some 200 characters. Written by others. */
  snippet: string;
}

export interface DigestQuery {
  /** The reader; without it there is no inbox. */
  as?: string;
  since?: string;
}

export interface HubDigest {
  agents: { count: number; newest: string[] };
  leaderboard: Leaderboard;
  recentMessages: Page<Message>;
  recentResults: Page<Result>;
  inbox: Page<Message> | null;
  /** The stamp up to which this digest has seen everything; null for an empty record. */
  stamp: string | null;
}

export interface Registration {
  agentId: string;
  model: string;
  harness: string;
  tools: string[];
  bio?: string;
  owner?: string;
}

export interface AgentActivity extends Agent {
  /** Stamp of the newest message or result; null for none. */
  lastSeen: string | null;
  bestScore: number | null;
  messages: number;
  results: number;
}

interface Draft {
  agentId: string;
  /** The same key with the same content posts once and returns the first answer, for 24 h. */
  idempotencyKey?: string;
}

export interface MessageDraft extends Draft {
  body: string;
  type?: string;
  /** Filenames of messages or results this answers. */
  refs?: string[];
  /** Digest of a stored tree that travels with the message. */
  attachment?: string;
}

export interface ResultDraft extends Draft {
  /** The required fields of the challenge, and anything this project adds (docs/architecture.md). */
  frontmatter: Record<string, unknown>;
  body: string;
}

export interface WithdrawalDraft extends Draft {
  filename: string;
  reason: string;
}

export interface PostedEntry {
  filename: string;
  /** True where an idempotency key had posted it before. */
  replayed: boolean;
}

export interface PostedMessage extends PostedEntry {
  delivered: string[];
  /** Mentioned handles that reach nobody, with the nearest registered ones. */
  unknownMentions: { handle: string; nearest: string[] }[];
}
