import type { Browser, BrowserContext, FrameLocator, Locator, Page } from "playwright-core";
import { faultsOf } from "./browser.ts";
import { waitFor } from "./program.ts";

/** Somebody on the demo website with the chat open. */
export class Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly panel: FrameLocator;
  /** What went wrong in the page or the panel. */
  readonly faults: string[];

  private constructor(page: Page) {
    this.page = page;
    this.faults = faultsOf(page);
    this.context = page.context();
    this.panel = page.frameLocator("parley-widget iframe");
  }

  static async arrive(browser: Browser, url: string): Promise<Visitor> {
    const context = await browser.newContext({ locale: "en-GB" });
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(`${url}/demo/`);
    await visitor.open();
    return visitor;
  }

  /** Opens the panel, unless it is. */
  async open(): Promise<void> {
    const launcher = this.page.locator("parley-widget button");
    await launcher.waitFor();
    await waitFor("the panel is open", async () => {
      if ((await launcher.getAttribute("aria-expanded")) === "true") return true;
      await launcher.click();
      return false;
    });
    await this.log.waitFor();
  }

  get log(): Locator {
    return this.panel.getByRole("log");
  }

  async write(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  get input(): Locator {
    return this.panel.getByRole("textbox", { name: "Message" });
  }

  /** What was said, oldest first, as it stands there; the welcome is not said by anybody. */
  async said(): Promise<string[]> {
    const texts = await this.log.locator(".bubble").allTextContents();
    return texts.map((text) => text.trim()).filter((text) => /^[vo]\d+ /u.test(text));
  }
}
