import { expect, test } from "vitest";
import { DraftStore, mentionQuery, mentionedIds } from "./drafts.ts";

test("message and note have drafts of their own, and each thread too", () => {
  const drafts = new DraftStore(localStorage);
  drafts.set("a", "message", { body: "to the customer", mentions: {} });
  drafts.set("a", "note", { body: "to colleagues", mentions: { u1: "Mia Kern" } });
  const later = new DraftStore(localStorage);
  expect(later.get("a", "message").body).toBe("to the customer");
  expect(later.get("a", "note")).toEqual({ body: "to colleagues", mentions: { u1: "Mia Kern" } });
  expect(later.get("b", "message").body).toBe("");
});

test("an emptied draft is forgotten", () => {
  const drafts = new DraftStore(localStorage);
  drafts.set("a", "message", { body: "text", mentions: {} });
  drafts.set("a", "message", { body: "  ", mentions: {} });
  expect(localStorage).toHaveLength(0);
});

test("a draft that cannot be read is an empty one", () => {
  localStorage.setItem("parley.draft.a.message", "{not json");
  expect(new DraftStore(localStorage).get("a", "message").body).toBe("");
});

test("only those still named in the text are mentioned", () => {
  const mentions = { u1: "Mia Kern", u2: "Jonas Albrecht" };
  expect(mentionedIds({ body: "@Mia Kern please look", mentions })).toEqual(["u1"]);
});

test.each([
  ["@", 1, { start: 0, query: "" }],
  ["hello @mi", 9, { start: 6, query: "mi" }],
  ["hello @mia ke", 13, { start: 6, query: "mia ke" }],
  ["(@Åsa", 5, { start: 1, query: "Åsa" }],
  ["mia@example.org", 11, undefined],
  ["no mention", 10, undefined],
  ["@mia kern and", 13, undefined],
])("in %j with the caret at %i the picker looks for %j", (body, caret, wanted) => {
  expect(mentionQuery(body, caret)).toEqual(wanted);
});
