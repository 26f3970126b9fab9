import { expect, test } from "vitest";
import { Role } from "../api/contract.ts";
import { PAGES, pagesFor } from "./pages.ts";

test("everybody sets their notifications, agents see to templates, administrators to all", () => {
  expect(pagesFor(Role.MEMBER).map((page) => page.to)).toEqual(["/settings/notifications"]);
  expect(pagesFor(Role.AGENT).map((page) => page.to)).toContain("/settings/templates");
  expect(pagesFor(Role.AGENT).map((page) => page.to)).not.toContain("/settings/mail");
  expect(pagesFor(Role.ADMINISTRATOR)).toHaveLength(PAGES.length);
});
