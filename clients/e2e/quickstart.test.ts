import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEMO, Program } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const run = promisify(execFile);

// Spec: A2
describe("The quick start prints what was posted, heard live,", () => {
  let program: Program;

  beforeAll(async () => void (program = await Program.start()));
  afterAll(() => program?.remove());

  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PARLEY_URL: program.url,
    PARLEY_EMAIL: DEMO.email,
    PARLEY_PASSWORD: DEMO.password,
  });

  test.each([
    ["TypeScript", "clients/ts/quickstart.mjs", "npm", ["run", "--silent", "quickstart", "--workspace", "clients/ts"]],
    ["Go", "clients/go/quickstart/main.go", "go", ["run", "./clients/go/quickstart"]],
  ])("in %s, with under 40 lines", async (language, file, command, args) => {
    const { stdout } = await run(command, args, { cwd: ROOT, env: env() });
    expect(stdout.trim()).toBe(`Nora Whitfield: Hello from ${language}`);
    const lines = (await readFile(`${ROOT}${file}`, "utf8")).trim().split("\n");
    expect(lines.length).toBeLessThan(40);
  });
});
