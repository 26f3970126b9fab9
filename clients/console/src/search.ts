import { CHAT_STATES, CHAT_VIEWS, type ChatStateName, type ChatViewName } from "./chats/query.ts";
import { VIEWS, type ViewName } from "./inbox/query.ts";

/** Reads the parts of addresses after "?". What makes no sense is left out. */
type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function place(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function isKey<T extends string>(value: unknown, table: Record<T, unknown>): value is T {
  return typeof value === "string" && Object.hasOwn(table, value);
}

export interface InboxSearch {
  view?: ViewName;
  item?: string;
}

export function inboxSearch(raw: Raw): InboxSearch {
  return { view: isKey(raw["view"], VIEWS) ? raw["view"] : undefined, item: text(raw["item"]) };
}

export interface ChatsSearch {
  view?: ChatViewName;
  state?: ChatStateName;
}

export function chatsSearch(raw: Raw): ChatsSearch {
  return {
    view: isKey(raw["view"], CHAT_VIEWS) ? raw["view"] : undefined,
    state: isKey(raw["state"], CHAT_STATES) ? raw["state"] : undefined,
  };
}

export interface RecordsSearch {
  /** A filter made with the builder, as JSON. */
  f?: string;
  /** A filter written by hand, in CEL. */
  q?: string;
  /** Words to find in titles. */
  s?: string;
  sort?: string;
  /** Number of the page, from 1, and the token that leads there. */
  n?: number;
  page?: string;
}

export function recordsSearch(raw: Raw): RecordsSearch {
  return {
    f: typeof raw["f"] === "string" ? raw["f"] : undefined,
    q: text(raw["q"]),
    s: text(raw["s"]),
    sort: text(raw["sort"]),
    n: place(raw["n"]),
    page: text(raw["page"]),
  };
}

export interface PlaceSearch {
  /** Place of a message in the thread. */
  seq?: number;
}

export function placeSearch(raw: Raw): PlaceSearch {
  return { seq: place(raw["seq"]) };
}

export interface SignInSearch {
  /** Where to go on after signing in. */
  to?: string;
}

export function signInSearch(raw: Raw): SignInSearch {
  const to = text(raw["to"]);
  return { to: to?.startsWith("/") && !to.startsWith("//") ? to : undefined };
}
