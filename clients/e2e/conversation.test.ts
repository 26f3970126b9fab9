import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "./browser.ts";
import { Operator } from "./operator.ts";
import { Program, waitFor } from "./program.ts";
import { Visitor } from "./visitor.ts";
import { Wire } from "./wire.ts";

/** What an operator and a visitor go through together; each step goes on where the last one ended. */
describe("A visitor and an operator", () => {
  let program: Program;
  let browser: Browser;
  let toShop: Wire;
  let toConsole: Wire;
  let visitor: Visitor;
  let operator: Operator;
  /** What was said so far, in its order. */
  const said: string[] = [];

  beforeAll(async () => {
    program = await Program.start();
    browser = await launch();
    toShop = await Wire.lay(program.port);
    toConsole = await Wire.lay(program.port);
    operator = await Operator.signIn(browser, toConsole.url);
    await operator.area("Chats").click();
    visitor = await Visitor.arrive(browser, toShop.url);
  });

  afterAll(async () => {
    await browser?.close();
    await toShop?.remove();
    await toConsole?.remove();
    await program?.remove();
  });

  async function ask(text: string): Promise<void> {
    await visitor.write(text);
    said.push(text);
  }

  async function answer(text: string): Promise<void> {
    await operator.reply(text);
    said.push(text);
  }

  /** What each of the two sees, once the last word has come to them. */
  async function views(): Promise<Record<"visitor" | "operator", string[]>> {
    for (const side of [visitor, operator]) {
      // Too few are told of by whoever compares.
      await waitFor(`a page shows ${said.at(-1)}`, async () => (await side.said()).length >= said.length).catch(() => undefined);
    }
    return { visitor: await visitor.said(), operator: await operator.said() };
  }

  /** Both see all that was said, once and in the same order. */
  const all = () => ({ visitor: said, operator: said });

  // Spec: L5 L6 L8 L9
  test("talk, live", async () => {
    await ask("v1 do you deliver on saturdays.");
    const row = operator.chat("Visitor").first();
    await row.waitFor();
    await row.click();
    await operator.log.getByText("v1 do you").waitFor();
    await answer("o1 we do until noon.");
    await ask("v2 and on sundays.");
    await answer("o2 never on sundays.");
    expect(await views()).toEqual(all());
    expect(await visitor.panel.getByRole("heading").textContent(), "the live chat name").toBe("Nora");
  });

  // Spec: L8
  test("see each other type and read", async () => {
    await visitor.log.getByText("Read", { exact: true }).waitFor();
    await operator.log.getByText("Read", { exact: true }).first().waitFor();
    await visitor.input.pressSequentially("hm");
    await operator.page.getByText(/is typing/u).waitFor();
    await visitor.input.fill("");
    await operator.page.getByRole("textbox", { name: "Reply" }).pressSequentially("well");
    await visitor.log.locator(".typing").waitFor();
    await operator.page.getByRole("textbox", { name: "Reply" }).fill("");
    await visitor.log.locator(".typing").waitFor({ state: "detached" });
    expect(await visitor.said(), "what was not sent was not said").toEqual(said);
  });

  // Spec: C4
  test("keep notes among colleagues", async () => {
    await operator.note("between us: a regular");
    await operator.log.getByText("between us").waitFor();
    await operator.mode("Reply");
    await answer("o3 anything else.");
    expect(await views()).toEqual(all());
    expect(await visitor.page.content()).not.toContain("between us");
    expect(await visitor.log.textContent()).not.toContain("between us");
  });

  // Spec: A3 L5
  test("lose nothing and see nothing twice when the visitor's network is cut", async () => {
    await visitor.context.setOffline(true);
    toShop.cut();
    await answer("o4 are you still there.");
    await operator.log.getByText("o4 are").waitFor();
    await visitor.write("v3 written in a tunnel.");
    await visitor.write("v4 and once more.");
    await visitor.log.getByText("Sending").first().waitFor();
    await visitor.panel.getByText("You’re offline").waitFor();
    toShop.mend();
    await visitor.context.setOffline(false);
    said.push("v3 written in a tunnel.", "v4 and once more.");
    expect(await views()).toEqual(all());
    await visitor.panel.getByText("You’re offline").waitFor({ state: "detached" });
  });

  // Spec: A3
  test("lose nothing and see nothing twice when the operator's network is cut", async () => {
    toConsole.cut();
    await ask("v5 can you hear me.");
    await visitor.log.getByText("Sent", { exact: true }).waitFor();
    await operator.reply("o5 written in the cellar.");
    await operator.page.getByText("Live updates are interrupted").waitFor();
    toConsole.mend();
    said.push("o5 written in the cellar.");
    expect(await views()).toEqual(all());
    await operator.page.getByText("Live updates are interrupted").waitFor({ state: "detached" });
  });

  // Spec: L5
  test("go on after the pages were loaded anew", async () => {
    await visitor.page.reload();
    await visitor.open();
    await operator.page.reload();
    await operator.log.waitFor();
    expect(await views()).toEqual(all());
    await ask("v6 back again.");
    await answer("o6 so am i.");
    expect(await views()).toEqual(all());
    await visitor.page.goto(`${toShop.url}/demo/plants`);
    await visitor.open();
    expect(await views()).toEqual(all());
  });

  // Spec: A3 L5
  test("go on after the server died and came back", async () => {
    await program.stop("SIGKILL");
    await visitor.write("v7 while you were gone.");
    await visitor.log.getByText("Sending").first().waitFor();
    await program.start();
    said.push("v7 while you were gone.");
    expect(await views()).toEqual(all());
    await answer("o7 here i am.");
    await ask("v8 good.");
    expect(await views()).toEqual(all());
  });

  // Spec: L8 L9a
  test("close the chat and open it again", async () => {
    await operator.page.getByRole("button", { name: "Close chat" }).click();
    await visitor.log.getByText("The chat has ended").waitFor();
    await operator.page.getByText("This chat is closed.").waitFor();
    await visitor.panel.getByRole("button", { name: "Chat again" }).click();
    await visitor.log.getByText("The chat goes on").waitFor();
    await ask("v9 one more thing.");
    await answer("o8 yes of course.");
    expect(await views()).toEqual(all());
  });

  test("leave no errors behind in their pages", () => {
    expect(visitor.faults).toEqual([]);
    expect(operator.faults).toEqual([]);
  });
});
