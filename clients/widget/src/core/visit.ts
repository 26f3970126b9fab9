import type { Client } from "../rpc/client.ts";
import type { Vault } from "./vault.ts";

/** Who the visitor is: begun with the first thing they do, and kept by the browser. */
export class Visit {
  readonly channel: string;
  readonly #client: Client;
  readonly #vault: Vault;
  #beginning: Promise<void> | undefined;

  constructor(channel: string, client: Client, vault: Vault) {
    this.channel = channel;
    this.#client = client;
    this.#vault = vault;
    client.token = vault.read().token;
  }

  /** True if the server knows the visitor. */
  get known(): boolean {
    return this.#client.token !== "";
  }

  /** Makes sure that there is a visitor, one for all tabs. */
  begin(): Promise<void> {
    if (this.known) return Promise.resolve();
    this.#beginning ??= this.#beginAlone().finally(() => (this.#beginning = undefined));
    return this.#beginning;
  }

  /** Forgets the visitor; what waits to be sent stays. */
  forget(): void {
    this.#client.token = "";
    this.#vault.edit((box) => (box.token = ""));
  }

  /** Begins while no other tab does. Where storage is blocked, locks are as well; each tab has its own visitor then. */
  #beginAlone(): Promise<void> {
    const begin = (): Promise<void> => this.#begin();
    return this.#vault.shared && navigator.locks ? navigator.locks.request(`${this.#vault.key}.visit`, begin) : begin();
  }

  async #begin(): Promise<void> {
    const other = this.#vault.read().token;
    if (other) {
      this.#client.token = other;
      return;
    }
    const { token = "" } = await this.#client.call("visitor.v1.VisitorService/StartVisit", {
      channelId: this.channel,
      locale: navigator.language.slice(0, 35),
      timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "",
    });
    this.#client.token = token;
    this.#vault.edit((box) => (box.token = token));
  }
}
