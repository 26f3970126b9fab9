import { createMemoryHistory } from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { SessionStore } from "../api/session.ts";
import { App } from "../app.tsx";
import { startFixture } from "../fixture/server.ts";

/** The door of the console for somebody who chose a locale. */
async function openIn(locale: string): Promise<HTMLElement> {
  localStorage.setItem("parley.preferences", JSON.stringify({ locale }));
  render(<App transport={startFixture().transport} session={new SessionStore(localStorage)} history={createMemoryHistory({ initialEntries: ["/sign-in"] })} />);
  return await screen.findByRole("button", { name: /Sign in|登录/u }, { timeout: 8_000 });
}

test.each([
  ["he", "rtl"],
  ["zh", "ltr"],
])("the page in %s runs %s and tells its language", async (locale, direction) => {
  expect(await openIn(locale)).toBeTruthy();
  expect(document.documentElement.dir).toBe(direction);
  expect(document.documentElement.lang).toBe(locale);
}, 20_000);
