import type { Party } from "../api/contract.ts";

/** Typing holds for six seconds unless it is renewed. */
export const TYPING_MS = 6_000;

interface Typist {
  party: Party;
  timer: ReturnType<typeof setTimeout>;
}

const NOBODY: readonly Party[] = [];

/** Who types where, now. */
export class TypingStore {
  readonly #threads = new Map<string, Map<string, Typist>>();
  readonly #snapshots = new Map<string, readonly Party[]>();
  readonly #listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Who types in a thread; the same array until that changes. */
  typists(threadId: string): readonly Party[] {
    return this.#snapshots.get(threadId) ?? NOBODY;
  }

  /** Somebody types, or goes on typing. */
  started(threadId: string, party: Party): void {
    const thread = this.#threads.get(threadId) ?? new Map<string, Typist>();
    this.#threads.set(threadId, thread);
    const known = thread.get(party.id);
    if (known) clearTimeout(known.timer);
    thread.set(party.id, { party, timer: setTimeout(() => this.stopped(threadId, party.id), TYPING_MS) });
    if (!known) this.#tell(threadId);
  }

  /** Somebody stopped, or their message came. */
  stopped(threadId: string, partyId: string): void {
    const thread = this.#threads.get(threadId);
    const known = thread?.get(partyId);
    if (!thread || !known) return;
    clearTimeout(known.timer);
    thread.delete(partyId);
    this.#tell(threadId);
  }

  #tell(threadId: string): void {
    this.#snapshots.set(threadId, [...(this.#threads.get(threadId)?.values() ?? [])].map((typist) => typist.party));
    for (const listener of this.#listeners) listener();
  }
}
