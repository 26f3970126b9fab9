import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ImportFormat, type RecordType } from "../api/contract.ts";
import { readRows, unguarded, writeRow } from "../records/csv.ts";

/** What one call of the server takes. */
export const MOST_ROWS = 5_000;
export const MOST_BYTES = 3 * 1024 * 1024;

/** A file this large is read whole into memory, and no larger one. */
export const MOST_FILE_BYTES = 200 * 1024 * 1024;

/** The rows of a file, as they were written. */
export type Table =
  | { format: ImportFormat.CSV; columns: string[]; rows: string[][] }
  | { format: ImportFormat.JSON_LINES; columns: string[]; rows: JsonObject[]; /** Lines that are no JSON object, from 1. */ wrong: number[] };

/** The text of a file: UTF-8, else as old spreadsheets write it. */
export function decodeText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Reads CSV, or JSON lines where the first sign is a curly bracket. */
export function readTable(text: string): Table {
  return /^\uFEFF?\s*\{/u.test(text) ? readLines(text) : readCsv(text);
}

function readCsv(text: string): Table {
  const [head = [], ...rows] = readRows(text);
  return { format: ImportFormat.CSV, columns: head.map((name) => unguarded(name.trim())), rows };
}

function readLines(text: string): Table {
  const columns = new Set<string>();
  const rows: JsonObject[] = [];
  const wrong: number[] = [];
  const lines = text.replace(/^\uFEFF/u, "").split(/\r?\n/u);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const row = objectOf(line);
    if (!row) {
      wrong.push(index + 1);
      continue;
    }
    rows.push(row);
    for (const name of Object.keys(row)) columns.add(name);
  }
  return { format: ImportFormat.JSON_LINES, columns: [...columns], rows, wrong };
}

function objectOf(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A row as people read it, for a preview. */
export function cellsOf(table: Table, index: number): string[] {
  if (table.format === ImportFormat.CSV) return table.rows[index] ?? [];
  const row = table.rows[index] ?? {};
  return table.columns.map((name) => textOf(row[name]));
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The field of a column by its place; empty for a column that is left out. */
export type Mapping = readonly string[];

/** Finds the field for each column by its name or label; each field is used once. */
export function guessMapping(type: RecordType, columns: readonly string[]): string[] {
  const used = new Set<string>();
  return columns.map((column) => {
    const wish = plain(column);
    const field = type.fields.find((one) => !used.has(one.name) && (plain(one.name) === wish || plain(one.label) === wish));
    if (field) used.add(field.name);
    return field?.name ?? "";
  });
}

function plain(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Sets the field of one column; another that had it is left out from now on. */
export function withColumn(mapping: Mapping, column: number, field: string): string[] {
  return mapping.map((one, index) => (index === column ? field : one === field ? "" : one));
}

/** Rows that go to the server together. */
export interface Slice {
  data: Uint8Array<ArrayBuffer>;
  /** The number of its first row in the file, from 1. */
  first: number;
  rows: number;
}

/** A row that is larger than a call may be. */
export class RowTooLarge extends Error {
  readonly row: number;

  constructor(row: number) {
    super(`row ${row} is larger than ${MOST_BYTES} bytes`);
    this.row = row;
  }
}

/** Cuts a table into what the server takes at a time, with the fields' names in place of the columns'. */
export function* slicesOf(table: Table, mapping: Mapping, mostBytes = MOST_BYTES, mostRows = MOST_ROWS): Generator<Slice, void, undefined> {
  const encoder = new TextEncoder();
  const used = mapping.flatMap((field, index) => (field === "" ? [] : [{ field, index, column: table.columns[index] ?? "" }]));
  const head = table.format === ImportFormat.CSV ? encoder.encode(writeRow(used.map((one) => one.field))) : new Uint8Array();
  let parts: Uint8Array[] = [head];
  let size = head.length;
  let first = 1;
  const count = table.rows.length;
  for (let index = 0; index < count; index++) {
    const row = encoder.encode(writeMapped(table, index, used));
    if (head.length + row.length > mostBytes) throw new RowTooLarge(index + 1);
    if (size + row.length > mostBytes || parts.length > mostRows) {
      yield { data: joined(parts, size), first, rows: parts.length - 1 };
      parts = [head];
      size = head.length;
      first = index + 1;
    }
    parts.push(row);
    size += row.length;
  }
  if (parts.length > 1) yield { data: joined(parts, size), first, rows: parts.length - 1 };
}

function writeMapped(table: Table, at: number, used: readonly { field: string; index: number; column: string }[]): string {
  if (table.format === ImportFormat.CSV) {
    const row = table.rows[at] ?? [];
    const cells = used.map((one) => unguarded(row[one.index] ?? ""));
    // A row of nothing must stay a row, so that the numbers of those below are right.
    return cells.length === 1 && cells[0] === "" ? '""\r\n' : writeRow(cells);
  }
  const row = table.rows[at] ?? {};
  return `${JSON.stringify(Object.fromEntries(used.flatMap((one) => (one.column in row ? [[one.field, row[one.column]]] : []))))}\n`;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
