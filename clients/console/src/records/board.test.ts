import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FieldSchema, FieldType, ListRecordsResponseSchema, RecordGroupSchema, RecordTypeSchema } from "../api/contract.ts";
import { record } from "../fixture/make.ts";
import { boardField, cardsOf, columnCel, columnValue, groupsAfter, reduceMoves, sumFieldOf, without, withRecord, type BoardAction, type Move } from "./board.ts";
import { addDecimals, negated } from "./decimal.ts";

const oak = record({ id: "oak", fields: { stage: "new", amount: { amount: "10.50", currency: "EUR" } } });
const elm = record({ id: "elm", fields: { stage: "new", amount: { amount: "7", currency: "SEK" } } });

const groups = [
  create(RecordGroupSchema, { value: "new", count: 2n, sums: [{ currency: "EUR", amount: "10.50" }, { currency: "SEK", amount: "7" }] }),
  create(RecordGroupSchema, { value: "won", count: 0n }),
  create(RecordGroupSchema, { value: "lost", count: 0n }),
];

const moved = (to: string, from = "new", card = oak): BoardAction => ({ kind: "moved", move: { record: card, from, to } });

function run(...actions: BoardAction[]): readonly Move[] {
  return actions.reduce(reduceMoves, [] as readonly Move[]);
}

function ids(value: string, moves: readonly Move[]): string[] {
  return cardsOf(value === "new" ? [oak, elm] : [], value, moves).map((one) => one.id);
}

test("a card is in its new column at once, and counted there", () => {
  const moves = run(moved("won"));
  expect([ids("new", moves), ids("won", moves)]).toEqual([["elm"], ["oak"]]);
  const [first, second] = groupsAfter(groups, moves, "amount");
  expect(first).toMatchObject({ count: 1n, sums: [{ currency: "EUR", amount: "0.00" }, { currency: "SEK", amount: "7" }] });
  expect(second).toMatchObject({ count: 1n, sums: [{ currency: "EUR", amount: "10.50" }] });
});

test("what is refused is back where it was, with its counts", () => {
  const moves = run(moved("won"), { kind: "refused", recordId: "oak", to: "won" });
  expect([ids("new", moves), ids("won", moves)]).toEqual([["oak", "elm"], []]);
  expect(groupsAfter(groups, moves, "amount")).toEqual(groups);
});

test("what is saved is no move any more", () => {
  expect(run(moved("won"), { kind: "saved", recordId: "oak", to: "won", record: oak })).toEqual([]);
});

test("a card that is moved twice goes by the last move, whatever becomes of the first", () => {
  const twice = run(moved("won"), moved("lost", "won"));
  expect([ids("new", twice), ids("won", twice), ids("lost", twice)]).toEqual([["elm"], [], ["oak"]]);
  expect(groupsAfter(groups, twice, "amount").map((group) => group.count)).toEqual([1n, 0n, 1n]);
  const saved = reduceMoves(twice, { kind: "saved", recordId: "oak", to: "won", record: oak });
  expect(saved).toMatchObject([{ from: "won", to: "lost" }]);
  expect(reduceMoves(twice, { kind: "refused", recordId: "oak", to: "won" })).toEqual(twice);
});

test("a card that goes back before anything is saved stays in sight, once", () => {
  const back = run(moved("won"), moved("new", "won"));
  expect([ids("new", back), ids("won", back)]).toEqual([["oak", "elm"], []]);
  expect(groupsAfter(groups, back, "amount")).toEqual(groups);
});

test("a card that the server shows in its new column already is there once", () => {
  expect(cardsOf([oak], "won", run(moved("won"))).map((one) => one.id)).toEqual(["oak"]);
});

test("moves of several cards add up in any order", () => {
  for (const actions of [[moved("won"), moved("won", "new", elm)], [moved("won", "new", elm), moved("won")]]) {
    const moves = run(...actions);
    expect(ids("won", moves).sort()).toEqual(["elm", "oak"]);
    expect(groupsAfter(groups, moves, "amount").map((group) => group.count)).toEqual([0n, 2n, 0n]);
  }
});

test("loaded pages lose and get a record without a double", () => {
  const data = { pages: [create(ListRecordsResponseSchema, { records: [oak, elm] })], pageParams: [""] };
  expect(without(data, "oak")?.pages[0]?.records).toEqual([elm]);
  expect(withRecord(data, { ...oak, etag: "2" })?.pages[0]?.records.map((one) => one.etag)).toEqual(["2", "1"]);
  expect(withRecord(without(data, "oak"), oak)?.pages[0]?.records).toEqual([oak, elm]);
});

test("columns have a condition and give a value, also the one without", () => {
  const stage = create(FieldSchema, { name: "stage", type: FieldType.SELECTION });
  const done = create(FieldSchema, { name: "done", type: FieldType.BOOLEAN });
  expect([columnCel(stage, "won"), columnCel(stage, ""), columnCel(done, "true"), columnCel(done, "false")]).toEqual([
    'record.stage == "won"', "!has(record.stage)", "record.done", "has(record.done) && !record.done",
  ]);
  expect([columnValue(stage, "won"), columnValue(stage, ""), columnValue(done, "false")]).toEqual(["won", undefined, false]);
});

test("a board is by the tracked selection unless another field is asked for", () => {
  const type = create(RecordTypeSchema, {
    fields: [
      { name: "kind", type: FieldType.SELECTION },
      { name: "stage", type: FieldType.SELECTION, tracked: true },
      { name: "owner", type: FieldType.REFERENCE, targetType: "user" },
      { name: "hours", type: FieldType.INTEGER },
      { name: "amount", type: FieldType.MONEY },
    ],
  });
  expect([undefined, "owner", "hours"].map((wish) => boardField(type, wish)?.name)).toEqual(["stage", "owner", "stage"]);
  expect([undefined, "hours", "-", "kind"].map((wish) => sumFieldOf(type, wish))).toEqual(["amount", "hours", "", "amount"]);
});

test.each([
  ["0.1", "0.2", "0.3"],
  ["10.50", "-10.5", "0.00"],
  ["-1", "0.25", "-0.75"],
  ["999999999999999999999.99", "0.01", "1000000000000000000000.00"],
  ["", "3", "3"],
])("%s and %s are %s", (a, b, sum) => {
  expect(addDecimals(a, b)).toBe(sum);
  expect(addDecimals(negated(negated(a)), b)).toBe(sum);
});
