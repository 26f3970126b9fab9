import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "./browser.ts";
import { Operator } from "./operator.ts";
import { Program } from "./program.ts";
import { Visitor } from "./visitor.ts";

/**
 * What axe finds wrong with a page and the frames in it, and still finds when it
 * looks again: the editor may be taking over from the plain field at the first look.
 */
async function flaws(page: Page): Promise<string[]> {
  const first = await look(page);
  if (first.length === 0) return first;
  await page.waitForFunction(() => !document.querySelector('[aria-hidden="true"] [contenteditable="true"]'));
  return look(page);
}

async function look(page: Page): Promise<string[]> {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)).catch(() => undefined));
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}

/** How far a page reaches beyond its window, in pixels. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

let program: Program;
let browser: Browser;

beforeAll(async () => {
  program = await Program.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await program?.remove();
});

describe.each(["light", "dark"] as const)("In %s colours everybody can use", (colorScheme) => {
  let visitor: Visitor;
  let operator: Operator;

  beforeAll(async () => {
    visitor = await Visitor.arrive(browser, program.url);
    await visitor.page.emulateMedia({ colorScheme });
    operator = await Operator.signIn(browser, program.url);
    await operator.page.emulateMedia({ colorScheme });
  });

  afterAll(async () => {
    await visitor?.context.close();
    await operator?.context.close();
  });

  test("the sign-in", async () => {
    const context = await browser.newContext({ colorScheme });
    const door = new Operator(await context.newPage());
    await door.page.goto(`${program.url}/console/`);
    await door.page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await flaws(door.page)).toEqual([]);
    await door.fillDoor("not the password");
    await door.page.getByRole("alert").waitFor();
    expect(await flaws(door.page)).toEqual([]);
    await context.close();
  });

  test("the inbox", async () => {
    await operator.page.goto(`${program.url}/console/inbox?view=all`);
    await operator.page.getByRole("list", { name: "Inbox" }).getByRole("link").first().click();
    await operator.log.waitFor();
    expect(await flaws(operator.page)).toEqual([]);
  });

  test("the records and one of them with its chatter", async () => {
    await operator.page.goto(`${program.url}/console/records/lead`);
    const orchard = operator.page.getByRole("row").filter({ hasText: /orchard/iu }).getByRole("link").first();
    await orchard.waitFor();
    expect(await flaws(operator.page)).toEqual([]);
    await orchard.click();
    await operator.log.getByRole("article").first().waitFor();
    expect(await flaws(operator.page)).toEqual([]);
  });

  test("the chats and one of them", async () => {
    await visitor.write("v1 is this easy to read.");
    await visitor.log.getByText("Sent", { exact: true }).waitFor();
    await operator.area("Chats").click();
    await operator.chat("Visitor").first().click();
    await operator.reply("o1 i hope so.");
    await visitor.log.getByText("o1 i hope so.").waitFor();
    expect(await flaws(operator.page)).toEqual([]);
  });

  // Spec: L5
  test("the website with the widget's panel", async () => {
    expect(await flaws(visitor.page)).toEqual([]);
  });

  test("all of it on a phone of 360 pixels", async () => {
    await operator.page.setViewportSize({ width: 360, height: 740 });
    for (const place of ["inbox", "chats", "records/lead", "records/contact"]) {
      await operator.page.goto(`${program.url}/console/${place}`);
      await operator.page.getByRole("navigation", { name: "Areas" }).waitFor();
      await operator.page.getByRole("heading").first().waitFor();
      expect({ place, overflow: await overflow(operator.page) }).toEqual({ place, overflow: 0 });
    }
    expect(await flaws(operator.page)).toEqual([]);
    await visitor.page.setViewportSize({ width: 360, height: 740 });
    expect(await overflow(visitor.page)).toBe(0);
  });
});
