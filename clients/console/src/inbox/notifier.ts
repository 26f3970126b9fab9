import { Rung } from "./notify.ts";

/** What tabs ask one another before one rings. */
type Note = { kind: "ask"; id: string } | { kind: "here"; id: string };

/** How long a tab that asks waits for one that has the focus, in milliseconds. */
const ANSWER_MS = 150;

/** What a notifier needs of the browser. */
export interface Windows {
  channel: (name: string) => BroadcastChannel;
  /** True if this window has the focus. */
  focused: () => boolean;
}

/** This browser's windows; undefined where tabs cannot talk to one another. */
export function windows(): Windows | undefined {
  if (typeof BroadcastChannel === "undefined") return undefined;
  return { channel: (name) => new BroadcastChannel(name), focused: () => document.hasFocus() };
}

/**
 * Decides whether an event rings: in the tab that leads, once, and only if no
 * window of the console has the focus, which the tabs are asked for.
 */
export class Notifier {
  readonly #channel: BroadcastChannel;
  readonly #windows: Windows;
  readonly #rung = new Rung();
  /** Questions that are open: a tab that has the focus closes them. */
  readonly #asked = new Set<string>();

  constructor(name: string, of: Windows) {
    this.#windows = of;
    this.#channel = of.channel(name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Note>) => {
      if (data.kind === "here") this.#asked.delete(data.id);
      else if (of.focused()) this.#post({ kind: "here", id: data.id });
    });
  }

  /** Hears of an event; the tab that leads rings for it if nobody looks at the console. */
  event(id: string, leads: boolean, ring: () => void): void {
    if (!this.#rung.first(id) || !leads || this.#windows.focused()) return;
    this.#asked.add(id);
    this.#post({ kind: "ask", id });
    setTimeout(() => {
      if (this.#asked.delete(id) && !this.#windows.focused()) ring();
    }, ANSWER_MS);
  }

  close(): void {
    this.#asked.clear();
    this.#channel.close();
  }

  #post(note: Note): void {
    this.#channel.postMessage(note);
  }
}
