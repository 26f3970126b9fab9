import { chromium, type Browser, type Page } from "playwright-core";
import { accessSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts the Chromium of this machine, without a window. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? find(), args: ["--no-sandbox"] });
}

/** Collects what goes wrong in a page: errors of its scripts, and what its security policy had to forbid. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`${error.name}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && message.text().includes("Content Security Policy")) faults.push(message.text());
  });
  return faults;
}

function find(): string {
  for (const place of PLACES) {
    try {
      accessSync(place);
      return place;
    } catch {
      // The next one.
    }
  }
  throw new Error(`there is no Chromium at ${PLACES.join(", ")}: run make setup, or name it in CHROMIUM`);
}
