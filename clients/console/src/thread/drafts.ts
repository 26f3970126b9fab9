import type { Keep } from "../storage.ts";

/** Whether one writes to the people of a thread or a note for colleagues. */
export type Mode = "message" | "note";

/** What somebody has begun to write. */
export interface Draft {
  body: string;
  /** Who is mentioned, by id. */
  mentions: Record<string, string>;
}

const EMPTY: Draft = { body: "", mentions: {} };

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

  /** Keeps a draft; an empty one is forgotten. */
  set(threadId: string, mode: Mode, draft: Draft): void {
    const key = keyOf(threadId, mode);
    if (draft.body.trim() === "") this.#storage.removeItem(key);
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
    if (typeof value !== "object" || value === null || !("body" in value) || typeof value.body !== "string") return EMPTY;
    const mentions: Record<string, string> = {};
    if ("mentions" in value && typeof value.mentions === "object" && value.mentions !== null) {
      for (const [id, name] of Object.entries(value.mentions)) if (typeof name === "string") mentions[id] = name;
    }
    return { body: value.body, mentions };
  } catch {
    return EMPTY;
  }
}

/** The ids of those whose "@Name" is still in the text. */
export function mentionedIds(draft: Draft): string[] {
  return Object.entries(draft.mentions)
    .filter(([, name]) => draft.body.includes(`@${name}`))
    .map(([id]) => id);
}

/** What is being typed after an "@" that begins a word, before the caret. */
export function mentionQuery(body: string, caret: number): { start: number; query: string } | undefined {
  const match = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(body.slice(0, caret));
  if (!match) return undefined;
  const query = match[1] ?? "";
  return { start: caret - query.length - 1, query };
}
