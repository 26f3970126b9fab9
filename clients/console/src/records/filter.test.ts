import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FieldSchema, FieldType } from "../api/contract.ts";
import { both, normalise, operatorsFor, searchToCel, takesValue, toCel, type Group, type Item, type Rule } from "./filter.ts";
import { countRules, fromCel } from "./filter-text.ts";

const FIELDS = [
  { name: "title", type: FieldType.TEXT },
  { name: "stage", type: FieldType.SELECTION },
  { name: "amount", type: FieldType.MONEY },
  { name: "due", type: FieldType.DATE },
  { name: "done", type: FieldType.BOOLEAN },
  { name: "assignee", type: FieldType.REFERENCE, targetType: "user" },
  { name: "watchers", type: FieldType.REFERENCES, targetType: "user" },
  { name: "contract", type: FieldType.FILE },
].map((field) => create(FieldSchema, field));

const one = (field: string, operator: Rule["operator"], value = ""): Group => ({ join: "and", items: [{ field, operator, value }] });

test.each([
  [one("title", "contains", "Garden"), 'record.title.lowerAscii().contains("garden")'],
  [one("title", "notContains", "oak"), '!record.title.lowerAscii().contains("oak")'],
  [one("title", "is", 'say "hi"\\'), 'record.title == "say \\"hi\\"\\\\"'],
  [one("title", "unset"), "!has(record.title)"],
  [one("stage", "isNot", "won"), 'record.stage != "won"'],
  [one("amount", "atLeast", "1200,50"), "record.amount >= 1200.50"],
  [one("amount", "greater", "much"), ""],
  [one("due", "before", "2026-12-01"), 'record.due < date("2026-12-01")'],
  [one("due", "before", "soon"), ""],
  [one("done", "no"), "!record.done"],
  [one("assignee", "isMe"), "record.assignee == user.id"],
  [one("watchers", "isMe"), "user.id in record.watchers"],
  [one("watchers", "isNot", "u"), '!("u" in record.watchers)'],
  [one("watchers", "unset"), "size(record.watchers) == 0"],
  [one("title", "contains", "  "), ""],
  [one("gone", "is", "x"), ""],
  [one("done", "contains", "x"), ""],
])("%j becomes %s", (filter, cel) => {
  expect(toCel(filter, FIELDS)).toBe(cel);
});

// Spec: R3
test("rules hold all together, or one of them does, and groups of them stand in parentheses", () => {
  const won: Rule = { field: "stage", operator: "is", value: "won" };
  const done: Rule = { field: "done", operator: "yes", value: "" };
  expect(toCel({ join: "and", items: [won, done] }, FIELDS)).toBe('record.stage == "won" && record.done');
  expect(toCel({ join: "or", items: [won, done] }, FIELDS)).toBe('record.stage == "won" || record.done');
  expect(toCel({ join: "and", items: [done, { join: "or", items: [won, done] }] }, FIELDS)).toBe('record.done && (record.stage == "won" || record.done)');
  expect(toCel({ join: "and", items: [{ join: "or", items: [won] }] }, FIELDS)).toBe('record.stage == "won"');
});

test("a search narrows an or-filter instead of joining it", () => {
  expect(both("a || b", searchToCel("Oak tree"))).toBe(
    '(a || b) && (record.title.lowerAscii().contains("oak") && record.title.lowerAscii().contains("tree"))',
  );
  expect(both("a || b", "")).toBe("a || b");
});

/** Numbers that look random and are the same every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const TEXTS = ["won", 'a "b" \\c', "Ä und ß", "&& || ! (", "record.stage", "😀\u2028", " padded ", "tab\there", "", "Ångström'"];
const NUMBERS = ["0", "-12", "12,5", "1200.50", "much", ""];

function randomRule(roll: (sides: number) => number): Rule {
  const field = FIELDS[roll(FIELDS.length)];
  const operators = field ? operatorsFor(field) : [];
  const operator = operators[roll(operators.length)] ?? "is";
  const values = field?.type === FieldType.MONEY ? NUMBERS : field?.type === FieldType.DATE ? ["2026-12-01", "soon"] : TEXTS;
  return { field: field?.name ?? "", operator, value: takesValue(operator) ? (values[roll(values.length)] ?? "") : "" };
}

function randomGroup(roll: (sides: number) => number, depth: number): Group {
  const items = Array.from({ length: roll(4) }, (): Item => (depth > 0 && roll(3) === 0 ? randomGroup(roll, depth - 1) : randomRule(roll)));
  return { join: roll(2) === 0 ? "and" : "or", items };
}

test("every filter of the builder comes back from its condition as it was", () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const group = randomGroup(dice(seed), 3);
    const cel = toCel(group, FIELDS);
    const again = fromCel(cel, FIELDS);
    expect([cel, again]).toEqual([cel, normalise(group, FIELDS)]);
    expect(again && toCel(again, FIELDS)).toBe(cel);
  }
});

test.each([
  ['record.stage=="won"&&record.done', 'record.stage == "won" && record.done'],
  ['((record.stage == "won"))', 'record.stage == "won"'],
  ['record.done || record.stage == "won" && has(record.due)', 'record.done || (record.stage == "won" && has(record.due))'],
  ["", ""],
])("%s is shown as rules", (written, cel) => {
  const group = fromCel(written, FIELDS);
  expect(group && toCel(group, FIELDS)).toBe(cel);
});

test.each([
  'record.nothing == "x"',
  'record.title.matches("^a")',
  "record.amount * 2 > 5",
  "now > record.due",
  '!(record.stage == "won")',
  "record.stage == 'won'",
  'record.stage == "won" &&',
  "(record.done",
  'record.title == "open',
  'record.title.lowerAscii().contains("Upper")',
  'record.due < date("tomorrow")',
])("%s stays text", (written) => {
  expect(fromCel(written, FIELDS)).toBeUndefined();
});

test("rules are counted in groups, too", () => {
  const group = fromCel('record.done && (record.stage == "won" || record.stage == "lost")', FIELDS);
  expect(group && countRules(group)).toBe(3);
});
