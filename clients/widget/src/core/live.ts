import type { Client } from "../rpc/client.ts";
import { poll, Stream, type Frame, type StreamListener } from "./stream.ts";
import type { Vault } from "./vault.ts";

/** What tabs tell each other. */
interface Word {
  /** A frame that the tab with the stream received. */
  frame?: Frame;
  /** Whether that tab reaches the server. */
  up?: boolean;
  /** Another chat is to be listened to, or the visit has ended. */
  changed?: boolean;
}

/** What a tab is told besides frames. */
export interface LiveListener extends StreamListener {
  /** Another tab opened a chat, or ended the visit. */
  changed(): void;
}

/** Hidden for longer, a page may have missed something; in milliseconds. */
const NAP = 20_000;

/**
 * Holds one stream for all tabs of a website: the tab that has the browser's
 * lock listens and passes every frame on; when it goes another one takes over,
 * at its own cursor. Where browsers cannot do that, each visible tab listens.
 */
export class Live {
  readonly #client: Client;
  readonly #listener: LiveListener;
  readonly #lock: string;
  readonly #words: BroadcastChannel | undefined;
  #stream: Stream | undefined;
  #wanted: AbortController | undefined;
  #hiddenAt = 0;

  constructor(client: Client, vault: Vault, listener: LiveListener) {
    this.#client = client;
    this.#listener = listener;
    this.#lock = `${vault.key}.live`;
    // Tabs that share no storage have each their own visitor.
    if (vault.shared && "BroadcastChannel" in globalThis) {
      this.#words = new BroadcastChannel(this.#lock);
      this.#words.addEventListener("message", (event: MessageEvent<Word>) => this.#hear(event.data));
    }
    document.addEventListener("visibilitychange", () => this.#looked());
    globalThis.addEventListener("pageshow", (event) => event.persisted && this.#catchUp());
    globalThis.addEventListener("online", () => this.#stream?.check());
  }

  /** Listens from now on, until stop. */
  start(): void {
    if (this.#wanted) return;
    this.#wanted = new AbortController();
    const { signal } = this.#wanted;
    if (!this.#words || !navigator.locks) {
      if (document.visibilityState === "visible") void this.#lead(signal);
      return;
    }
    const lead = (): Promise<void> => this.#lead(signal);
    // Whoever stops waiting has given up the lock: there is nothing to mend.
    navigator.locks.request(this.#lock, { signal }, lead).catch(() => {});
  }

  stop(): void {
    this.#wanted?.abort();
    this.#wanted = undefined;
    this.#stream?.stop();
  }

  /** Says to all tabs that there is another chat, or none. */
  changed(): void {
    this.#words?.postMessage({ changed: true } satisfies Word);
    this.#restart();
  }

  /** Looks whether the stream is still alive. */
  check(): void {
    this.#stream?.check();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const listener = this.#listener;
      this.#stream = new Stream(this.#client, {
        place: () => listener.place(),
        refused: () => {
          this.stop();
          listener.refused();
        },
        frame: (frame) => this.#tell({ frame }),
        up: (up) => this.#tell({ up }),
      });
      await this.#stream.run();
    }
    this.#stream = undefined;
  }

  /** Passes on what the stream brought, to this tab as well. */
  #tell(word: Word): void {
    this.#words?.postMessage(word);
    this.#hear(word);
  }

  #hear({ frame, up, changed }: Word): void {
    if (frame) this.#listener.frame(frame);
    if (up !== undefined) this.#listener.up(up);
    if (changed) {
      this.#restart();
      this.#listener.changed();
    }
  }

  #restart(): void {
    this.#stream?.stop();
  }

  /** Asks for what another tab may have told while this page slept. */
  #catchUp(): void {
    if (!this.#wanted || this.#stream || !this.#words) return;
    poll(this.#client, this.#listener, 0).catch(() => {}); // the next frame from the other tab comes all the same
  }

  #looked(): void {
    const visible = document.visibilityState === "visible";
    if (!visible) this.#hiddenAt = Date.now();
    if (visible && this.#hiddenAt && Date.now() - this.#hiddenAt > NAP) this.#catchUp();
    if (visible) this.#stream?.check();
    if (this.#words && navigator.locks) return;
    if (!visible) this.#stream?.stop();
    if (this.#wanted) {
      this.stop();
      this.start();
    }
  }
}
