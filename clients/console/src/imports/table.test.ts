import { create } from "@bufbuild/protobuf";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { FieldType, ImportFormat, RecordService, RecordTypeSchema } from "../api/contract.ts";
import { readRows } from "../records/csv.ts";
import { errorsCsv, runImport } from "./run.ts";
import { cellsOf, decodeText, guessMapping, readTable, RowTooLarge, slicesOf, withColumn, type Slice, type Table } from "./table.ts";

const type = create(RecordTypeSchema, {
  name: "product",
  fields: [
    { name: "name", label: "Product name", type: FieldType.TEXT },
    { name: "list_price", label: "Price", type: FieldType.MONEY },
    { name: "code", label: "Code", type: FieldType.TEXT },
  ],
});

const text = (slice: Slice): string => new TextDecoder().decode(slice.data);
const csv = (rows: string[][]): Table => ({ format: ImportFormat.CSV, columns: ["a", "b"], rows });

test("columns find their fields by name and by label, each field once", () => {
  expect(guessMapping(type, ["product-name", "PRICE", "Nothing", "List price", "code "])).toEqual(["name", "list_price", "", "", "code"]);
  expect(withColumn(["name", "list_price", ""], 2, "name")).toEqual(["", "list_price", "name"]);
});

test("columns are renamed, left out, and freed of their guards", () => {
  const table = readTable("Product name;Note;Code\nOak;x;'=1\n;y;\n");
  const slices = [...slicesOf(table, ["name", "", "code"])];
  expect(slices.map(text)).toEqual(["name,code\r\nOak,=1\r\n,\r\n"]);
  expect(slices[0]).toMatchObject({ first: 1, rows: 2 });
  expect([...slicesOf(table, ["", "", "code"])].map(text)).toEqual(['code\r\n=1\r\n""\r\n']);
});

test("JSON lines keep their values under new names; lines that are none are told", () => {
  const table = readTable('{"Name":"Oak","n":null}\n\nnonsense\n{"tags":["a","b"]}\n');
  expect(table).toMatchObject({ columns: ["Name", "n", "tags"], wrong: [3] });
  expect(cellsOf(table, 1)).toEqual(["", "", '["a","b"]']);
  expect([...slicesOf(table, ["name", "code", "x"])].map(text)).toEqual(['{"name":"Oak","code":null}\n{"x":["a","b"]}\n']);
});

// Spec: R2
test("no slice is larger than it may be, none is empty, and together they are the whole table", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const rows = Array.from({ length: seed }, (_, index) => [`r${index}`, "ä,\"x".repeat((index * seed) % 7)]);
    const slices = [...slicesOf(csv(rows), ["name", "code"], 80, 1 + (seed % 5))];
    for (const slice of slices) {
      expect(slice.data.length).toBeLessThanOrEqual(80);
      expect(slice.rows).toBeGreaterThan(0);
      expect(slice.rows).toBeLessThanOrEqual(1 + (seed % 5));
    }
    expect(slices.flatMap((slice) => [...readRows(text(slice), ",")].slice(1))).toEqual(rows);
    expect(slices.map((slice) => slice.first)).toEqual(slices.map((_, at) => 1 + slices.slice(0, at).reduce((sum, one) => sum + one.rows, 0)));
  }
});

test("a row that fits into no slice is named", () => {
  expect(() => [...slicesOf(csv([["a", "b"], ["x".repeat(90), ""]]), ["name", "code"], 80)]).toThrow(RowTooLarge);
});

test("a table of rows without end is cut where the server says", () => {
  const rows = Array.from({ length: 12_001 }, (_, index) => [String(index), "x"]);
  expect([...slicesOf(csv(rows), ["name", "code"])].map((slice) => slice.rows)).toEqual([5_000, 5_000, 2_001]);
});

test("files of old spreadsheets are read, too", () => {
  expect(decodeText(Uint8Array.from([0x47, 0x72, 0xfc, 0x6e]).buffer)).toBe("Grün");
  expect(decodeText(new TextEncoder().encode("Grün 😀").buffer)).toBe("Grün 😀");
});

test("errors are numbered as in the file, whatever slice they come from", async () => {
  const rows = Array.from({ length: 7_000 }, (_, index) => [String(index), "x"]);
  const transport = createRouterTransport(({ service }) =>
    service(RecordService, { importRecords: () => ({ created: 1, unchanged: 2, errorCount: 1, errors: [{ row: 3, field: "code", message: "=wrong" }] }) }),
  );
  const seen: number[] = [];
  const options = { type: "product", table: csv(rows), mapping: ["name", "code"], dryRun: true, signal: new AbortController().signal, onProgress: (outcome: { done: number }) => seen.push(outcome.done) };
  const outcome = await runImport(createClient(RecordService, transport), options);
  expect(outcome).toMatchObject({ done: 7_000, created: 2, unchanged: 4, errorCount: 2 });
  expect(outcome.errors.map((error) => error.row)).toEqual([3, 5_003]);
  expect(seen).toEqual([5_000, 7_000]);
  expect(await errorsCsv(outcome.errors, ["Row", "Field", "What to mend"]).text()).toContain("5003,code,'=wrong\r\n");
});
