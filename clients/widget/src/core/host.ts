import type { Call, Report } from "../bridge.ts";

/**
 * The website around the panel. Its origin stands in the address's fragment; the
 * browser delivers nothing of ours to another, the server lets only websites of
 * the channel frame the panel, and what comes from elsewhere is not heard.
 */
export class Host {
  readonly #origin: string;

  constructor(listener: (call: Call) => void) {
    this.#origin = decodeURIComponent(location.hash.slice(1));
    globalThis.addEventListener("message", (event: MessageEvent<Call>) => {
      if (event.source !== parent || event.origin !== this.#origin || !event.data?.parley) return;
      listener(event.data);
    });
  }

  /** False for a panel that is a page of its own. */
  get framed(): boolean {
    return parent !== globalThis.window;
  }

  tell(report: Report): void {
    if (this.framed && this.#origin) parent.postMessage(report, this.#origin);
  }
}
