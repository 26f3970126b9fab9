import { CHAT_STATES, CHAT_VIEWS, type ChatStateName, type ChatViewName } from "./chats/query.ts";
import { TABS, type TabName } from "./inbox/query.ts";

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
  view?: TabName;
  /** What is opened: an item, or in the tab of activities an activity. */
  item?: string;
}

export function inboxSearch(raw: Raw): InboxSearch {
  return { view: TABS.find((name) => name === raw["view"]), item: text(raw["item"]) };
}

export interface TemplatesSearch {
  /** UUID of the template that is open, or "new". */
  template?: string;
}

export function templatesSearch(raw: Raw): TemplatesSearch {
  return { template: text(raw["template"]) };
}

export interface MessagesSearch {
  /** Words to look for. */
  q?: string;
  /** Name of a record type. */
  type?: string;
  /** UUID of who wrote. */
  author?: string;
  /** The first and the last day, as 2026-11-30. */
  from?: string;
  to?: string;
  files?: true;
}

export function messagesSearch(raw: Raw): MessagesSearch {
  return {
    q: text(raw["q"]),
    type: text(raw["type"]),
    author: text(raw["author"]),
    from: text(raw["from"]),
    to: text(raw["to"]),
    files: raw["files"] === true ? true : undefined,
  };
}

export interface QuarantineSearch {
  /** UUID of the mail that is open. */
  mail?: string;
}

export function quarantineSearch(raw: Raw): QuarantineSearch {
  return { mail: text(raw["mail"]) };
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
  /** The filter, in CEL. */
  q?: string;
  /** Words to find in titles. */
  s?: string;
  sort?: string;
  /** Number of the page, from 1, and the token that leads there. */
  n?: number;
  page?: string;
  /** A board in place of the list. */
  view?: "board";
  /** The fields that make a board's columns, and that they add up ("-" for none). */
  by?: string;
  sum?: string;
}

export function recordsSearch(raw: Raw): RecordsSearch {
  return {
    q: text(raw["q"]),
    s: text(raw["s"]),
    sort: text(raw["sort"]),
    n: place(raw["n"]),
    page: text(raw["page"]),
    view: raw["view"] === "board" ? "board" : undefined,
    by: text(raw["by"]),
    sum: text(raw["sum"]),
  };
}

export interface PlaceSearch {
  /** Place of a message in the thread. */
  seq?: number;
}

export function placeSearch(raw: Raw): PlaceSearch {
  return { seq: place(raw["seq"]) };
}

/** The parts of a record's page, of which a narrow screen shows one. */
const PARTS = { details: true, conversation: true, files: true } as const;

export interface RecordSearch extends PlaceSearch {
  part?: keyof typeof PARTS;
}

export function recordSearch(raw: Raw): RecordSearch {
  return { ...placeSearch(raw), part: isKey(raw["part"], PARTS) ? raw["part"] : undefined };
}

export interface SignInSearch {
  /** Where to go on after signing in. */
  to?: string;
}

export function signInSearch(raw: Raw): SignInSearch {
  const to = text(raw["to"]);
  return { to: to?.startsWith("/") && !to.startsWith("//") ? to : undefined };
}
