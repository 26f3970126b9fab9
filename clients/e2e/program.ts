import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A first start makes a database and loads the demo, on a machine that may have other things to do, in milliseconds. */
const PATIENCE = 60_000;

/** Who is signed in as where the demo says nothing else. */
export const DEMO = { workspace: "fernhill", email: "nora@fernhill.example", password: "fernhill-demo" };

/** The program with a database of its own, as somebody starts it who tries it out. */
export class Program {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #said = "";

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<Program> {
    const program = new Program(await freePort(), await mkdtemp(join(tmpdir(), "parley-e2e-")));
    await program.start();
    return program;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts, or starts again where the last one left off. */
  async start(): Promise<void> {
    const args = ["serve", "--demo", "--addr", `127.0.0.1:${this.port}`, "--data-dir", this.#folder];
    const child = spawn(join(ROOT, "bin/parley"), args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#said = "";
    const hear = (words: Buffer): void => void (this.#said += words.toString());
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    await waitFor("the program is up", () => {
      if (child.exitCode !== null) throw new Error(`the program ended: ${this.#said}`);
      return this.#said.includes("Parley is up");
    });
  }

  /** Ends it: with SIGTERM in order, with SIGKILL in the middle of whatever it does. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits until something holds, and fails when it does not come to hold. */
export async function waitFor(what: string, holds: () => boolean | Promise<boolean>, patience = PATIENCE): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
