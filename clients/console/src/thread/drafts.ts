import type { Keep } from "../storage.ts";

/** Whether one writes to the people of a thread or a note for colleagues. */
export type Mode = "message" | "note";

/** The message that a draft answers. */
export interface Answered {
  id: string;
  name: string;
  excerpt: string;
}

/** What somebody has begun to write. */
export interface Draft {
  /** The text: Markdown, or plain text where there is no rich composer. */
  body: string;
  /** Who is mentioned, by id. */
  mentions: Record<string, string>;
  subject?: string;
  replyTo?: Answered;
  /** Who gets it besides, by id. */
  added?: Record<string, string>;
  /** Ids of those who do not get it. */
  except?: string[];
  /** Placeholders of a template that nothing stood for. */
  unresolved?: string[];
  /** The newest revision of it that the server is known to have or have had. */
  revision?: number;
  /** True while the server does not have it as it is. */
  unsaved?: boolean;
}

/** A draft of nothing. */
export const EMPTY: Draft = { body: "", mentions: {} };

/** True if nothing would be lost with it. */
export function isBlank(draft: Draft): boolean {
  return draft.body.trim() === "" && (draft.subject ?? "").trim() === "";
}

/**
 * Keeps what somebody has begun to write, one draft for each thread and mode, so
 * that neither a change of thread nor a reload loses it.
 */
export class DraftStore {
  readonly #storage: Keep;

  constructor(storage: Keep) {
    this.#storage = storage;
  }

  get(threadId: string, mode: Mode): Draft {
    const text = this.#storage.getItem(keyOf(threadId, mode));
    return text === null ? EMPTY : parse(text);
  }

  /** Keeps a draft; an empty one that the server knows nothing of is forgotten. */
  set(threadId: string, mode: Mode, draft: Draft): void {
    const key = keyOf(threadId, mode);
    if (isBlank(draft) && !draft.unsaved && !draft.replyTo) this.#storage.removeItem(key);
    else this.#storage.setItem(key, JSON.stringify(draft));
  }

  /** What one wrote last in a thread: it stays so when one comes back. */
  mode(threadId: string): Mode {
    return this.#storage.getItem(`parley.mode.${threadId}`) === "note" ? "note" : "message";
  }

  setMode(threadId: string, mode: Mode): void {
    if (mode === "note") this.#storage.setItem(`parley.mode.${threadId}`, mode);
    else this.#storage.removeItem(`parley.mode.${threadId}`);
  }
}

function keyOf(threadId: string, mode: Mode): string {
  return `parley.draft.${threadId}.${mode}`;
}

function parse(text: string): Draft {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || typeof value["body"] !== "string") return EMPTY;
    const { body, subject, except, unresolved, revision, unsaved } = value;
    return {
      body,
      mentions: names(value["mentions"]),
      ...(typeof subject === "string" && { subject }),
      ...(isObject(value["added"]) && { added: names(value["added"]) }),
      ...(Array.isArray(except) && { except: except.filter((id) => typeof id === "string") }),
      ...(Array.isArray(unresolved) && { unresolved: unresolved.filter((one) => typeof one === "string") }),
      ...(typeof revision === "number" && { revision }),
      ...(unsaved === true && { unsaved }),
      ...answered(value["replyTo"]),
    };
  } catch {
    return EMPTY;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function names(value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  if (isObject(value)) for (const [id, name] of Object.entries(value)) if (typeof name === "string") found[id] = name;
  return found;
}

function answered(value: unknown): { replyTo?: Answered } {
  if (!isObject(value) || typeof value["id"] !== "string") return {};
  return { replyTo: { id: value["id"], name: String(value["name"]), excerpt: String(value["excerpt"]) } };
}

/** The ids of those whose "@Name" is still in the text. */
export function mentionedIds(draft: Draft): string[] {
  const text = draft.body.replaceAll("\\", "");
  return Object.entries(draft.mentions)
    .filter(([, name]) => name !== "" && text.includes(`@${name.replaceAll("\\", "")}`))
    .map(([id]) => id);
}

/** What is being typed after an "@" that begins a word, before the caret. */
export function mentionQuery(body: string, caret: number): { start: number; query: string } | undefined {
  const match = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(body.slice(0, caret));
  if (!match) return undefined;
  const query = match[1] ?? "";
  return { start: caret - query.length - 1, query };
}

/** What is being typed after a ":" that begins a word, before the caret. */
export function emojiQuery(body: string, caret: number): { start: number; query: string } | undefined {
  const match = /(?:^|[\s(]):([\p{L}\p{N}_+-]{2,30})$/u.exec(body.slice(0, caret));
  if (!match) return undefined;
  const query = match[1] ?? "";
  return { start: caret - query.length - 1, query };
}
