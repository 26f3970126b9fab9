import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { faultsOf } from "./browser.ts";
import { DEMO } from "./program.ts";

/** Somebody who answers, in the console. */
export class Operator {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page. */
  readonly faults: string[];

  constructor(page: Page) {
    this.page = page;
    this.faults = faultsOf(page);
    this.context = page.context();
  }

  static async signIn(browser: Browser, url: string): Promise<Operator> {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
    const operator = new Operator(await context.newPage());
    await operator.page.goto(`${url}/console/`);
    await operator.fillDoor(DEMO.password);
    await operator.area("Inbox").waitFor();
    return operator;
  }

  async fillDoor(password: string): Promise<void> {
    await this.page.getByLabel("Workspace").fill(DEMO.workspace);
    await this.page.getByLabel("E-mail").fill(DEMO.email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** The link to an area, whatever its count. */
  area(name: string): Locator {
    return this.page.getByRole("navigation", { name: "Areas" }).getByRole("link", { name: new RegExp(`^${name}\\b`, "u") });
  }

  /** The chat of somebody who said this, in the list. */
  chat(text: string | RegExp): Locator {
    return this.page.getByRole("list", { name: "Chats" }).getByRole("link").filter({ hasText: text });
  }

  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }

  async reply(text: string): Promise<void> {
    const input = this.page.getByRole("textbox", { name: "Reply" });
    await input.fill(text);
    await input.press("Control+Enter");
  }

  /** Chooses between a message and a note. */
  async mode(name: "Note" | "Reply" | "Message"): Promise<void> {
    await this.page.getByRole("radiogroup", { name: "Message or note" }).getByText(name, { exact: true }).click();
  }

  async note(text: string): Promise<void> {
    await this.mode("Note");
    await this.page.getByRole("textbox", { name: "Write an internal note" }).fill(text);
    await this.page.getByRole("button", { name: "Add note" }).click();
  }

  /** What was said, oldest first, notes left out. */
  async said(): Promise<string[]> {
    const texts = await this.log.getByRole("article").allTextContents();
    return texts.flatMap((text) => /[vo]\d+ [a-z ]+\./u.exec(text) ?? []);
  }
}
