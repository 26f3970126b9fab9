import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "./browser.ts";
import { Operator } from "./operator.ts";
import { Program } from "./program.ts";

describe("A record and its chatter", () => {
  let program: Program;
  let browser: Browser;
  let nora: Operator;
  let twin: Operator;

  beforeAll(async () => {
    program = await Program.start();
    browser = await launch();
    nora = await Operator.signIn(browser, program.url);
    twin = await Operator.signIn(browser, program.url);
  });

  afterAll(async () => {
    await browser?.close();
    await program?.remove();
  });

  // Spec: R1 R4
  test("is found in its list", async () => {
    await nora.area("Records").click();
    await nora.page.goto(`${program.url}/console/records/lead`);
    await nora.page.getByRole("textbox", { name: "Search titles" }).fill("orchard");
    await nora.page.waitForURL(/s=orchard/u);
    await nora.page.getByText("1 record", { exact: true }).waitFor();
    await nora.page.getByRole("row").filter({ hasText: /orchard/iu }).getByRole("link").first().click();
    await nora.log.waitFor();
    await twin.page.goto(nora.page.url());
    await twin.log.waitFor();
    expect(await twin.page.getByRole("heading", { level: 1 }).textContent()).toMatch(/orchard/iu);
  });

  // Spec: C4 C5
  test("takes messages and notes, which others see at once and once", async () => {
    await nora.mode("Message");
    await nora.page.getByRole("textbox", { name: "Message", exact: true }).fill("The trees are ready.");
    await nora.page.getByRole("button", { name: "Send", exact: true }).click();
    await nora.note("But only fourteen of them.");
    for (const side of [twin, nora]) {
      await side.log.getByText("But only fourteen of them.").waitFor();
      for (const text of ["The trees are ready.", "But only fourteen of them."]) {
        expect(await side.log.getByRole("article").filter({ hasText: text }).count()).toBe(1);
      }
    }
  });

  // Spec: C10
  test("takes files, which others can load", async () => {
    await nora.mode("Message");
    const chosen = nora.page.waitForEvent("filechooser");
    await nora.page.getByRole("button", { name: "Attach files" }).click();
    await (await chosen).setFiles({ name: "delivery note.txt", mimeType: "text/plain", buffer: Buffer.from("fourteen trees") });
    await nora.page.getByRole("button", { name: "Send", exact: true }).click();
    const file = twin.log.getByRole("article").last().getByText("delivery note.txt");
    await file.waitFor();
    const [download] = await Promise.all([
      twin.page.waitForEvent("download"),
      twin.log.getByRole("button", { name: "Download delivery note.txt" }).or(twin.log.getByRole("link", { name: "Download delivery note.txt" })).click(),
    ]);
    expect(download.suggestedFilename()).toBe("delivery note.txt");
    const bytes = await (await download.createReadStream()).toArray();
    expect(Buffer.concat(bytes as Buffer[]).toString()).toBe("fourteen trees");
  });

  // Spec: C1
  test("logs what is changed", async () => {
    const before = await twin.log.textContent();
    expect(before).not.toContain("Lost because");
    await nora.page.getByRole("button", { name: /^Lost because/u }).or(nora.page.getByLabel("Lost because")).first().click();
    await nora.page.getByRole("textbox", { name: "Lost because" }).fill("Too late in the year");
    await nora.page.keyboard.press("Enter");
    await twin.log.getByText("Too late in the year").waitFor();
    expect(await twin.log.textContent()).toContain("Lost because");
  });

  test("leaves no errors behind in the pages", () => {
    expect([...nora.faults, ...twin.faults]).toEqual([]);
  });
});
