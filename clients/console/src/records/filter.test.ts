import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FieldSchema, FieldType } from "../api/contract.ts";
import { both, decodeFilter, encodeFilter, searchToCel, toCel, type Filter, type Rule } from "./filter.ts";

const FIELDS = [
  { name: "title", type: FieldType.TEXT },
  { name: "stage", type: FieldType.SELECTION },
  { name: "amount", type: FieldType.MONEY },
  { name: "due", type: FieldType.DATE },
  { name: "done", type: FieldType.BOOLEAN },
  { name: "assignee", type: FieldType.REFERENCE, targetType: "user" },
  { name: "watchers", type: FieldType.REFERENCES, targetType: "user" },
].map((field) => create(FieldSchema, field));

const one = (field: string, operator: Rule["operator"], value = ""): Filter => ({ join: "and", rules: [{ field, operator, value }] });

test.each([
  [one("title", "contains", "Garden"), 'record.title.lowerAscii().contains("garden")'],
  [one("title", "is", 'say "hi"\\'), 'record.title == "say \\"hi\\"\\\\"'],
  [one("title", "unset"), "!has(record.title)"],
  [one("stage", "isNot", "won"), 'record.stage != "won"'],
  [one("amount", "atLeast", "1200,50"), "record.amount >= 1200.50"],
  [one("amount", "greater", "much"), ""],
  [one("due", "before", "2026-12-01"), 'record.due < date("2026-12-01")'],
  [one("done", "no"), "!record.done"],
  [one("assignee", "isMe"), "record.assignee == user.id"],
  [one("watchers", "isMe"), "user.id in record.watchers"],
  [one("watchers", "unset"), "size(record.watchers) == 0"],
  [one("title", "contains", "  "), ""],
  [one("gone", "is", "x"), ""],
])("%j becomes %s", (filter, cel) => {
  expect(toCel(filter, FIELDS)).toBe(cel);
});

test("rules hold all together, or one of them does", () => {
  const rules: Rule[] = [
    { field: "stage", operator: "is", value: "won" },
    { field: "done", operator: "yes", value: "" },
  ];
  expect(toCel({ join: "and", rules }, FIELDS)).toBe('record.stage == "won" && record.done');
  expect(toCel({ join: "or", rules }, FIELDS)).toBe('record.stage == "won" || record.done');
});

test("a search narrows an or-filter instead of joining it", () => {
  expect(both("a || b", searchToCel("Oak tree"))).toBe(
    '(a || b) && (record.title.lowerAscii().contains("oak") && record.title.lowerAscii().contains("tree"))',
  );
  expect(both("a || b", "")).toBe("a || b");
});

test("a filter comes back from an address as it was", () => {
  const filter: Filter = { join: "or", rules: [{ field: "title", operator: "contains", value: "Ä, \"b\"" }] };
  expect(decodeFilter(encodeFilter(filter))).toEqual(filter);
});

test.each(["", "{", "[]", '["and",["title","drop table","x"]]', '{"join":"or"}'])("an address that says %j filters nothing", (text) => {
  expect(decodeFilter(text).rules).toEqual([]);
});
