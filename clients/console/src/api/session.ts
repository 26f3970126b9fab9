/** Keeps the session's token in the browser and tells when it comes or goes. */
export class SessionStore {
  readonly #storage: Storage;
  readonly #key: string;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Storage, key = "parley.token") {
    this.#storage = storage;
    this.#key = key;
    // A sign-out in one tab is a sign-out in all.
    globalThis.addEventListener?.("storage", (event) => {
      if (event.key === this.#key) this.#tell();
    });
  }

  /** The token, or null when nobody is signed in. */
  get = (): string | null => this.#storage.getItem(this.#key);

  /** Signs in, or with null out. */
  set(token: string | null): void {
    if (token === null) this.#storage.removeItem(this.#key);
    else this.#storage.setItem(this.#key, token);
    this.#tell();
  }

  /** Forgets a token that the server refused, unless another has come since. */
  expire(token: string): void {
    if (this.get() === token) this.set(null);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
