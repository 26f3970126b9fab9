// oxlint-disable no-await-in-loop -- each page is asked for with the token of the one before
import type { Client } from "@connectrpc/connect";
import { FieldType, type Field, type Record as ParleyRecord, type RecordService, type RecordType } from "../api/contract.ts";
import { guarded, writeRow } from "./csv.ts";
import { toMoney } from "./values.tsx";

/** So many rows go into one file. */
export const MOST_ROWS = 50_000;

const PAGE = 200;

/** A value as an import reads it again. */
export function cellText(field: Field, record: ParleyRecord): string {
  const value = record.fields?.[field.name];
  if (value === undefined || value === null) return "";
  switch (field.type) {
    case FieldType.MONEY: {
      const money = toMoney(value);
      return money ? `${money.amount} ${money.currency}` : "";
    }
    case FieldType.BOOLEAN:
      return value === true ? "yes" : "no";
    case FieldType.SELECTION:
    case FieldType.REFERENCE:
    case FieldType.FILE:
      return record.display[field.name] ?? String(value);
    case FieldType.REFERENCES:
      return (record.display[field.name] ?? "").replaceAll(", ", "; ");
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}

/** What to write, and how. */
export interface ExportOptions {
  type: RecordType;
  columns: readonly Field[];
  filter: string;
  orderBy: string;
  signal: AbortSignal;
  /** Told how many rows there are so far. */
  onProgress: (rows: number) => void;
}

/** The records of a list as CSV, with their title first; begins with the mark that spreadsheets know UTF-8 by. */
export async function exportCsv(client: Client<typeof RecordService>, options: ExportOptions): Promise<Blob> {
  const { type, columns, filter, orderBy, signal, onProgress } = options;
  const title = type.fields.find((field) => field.name === type.titleField);
  const fields = title ? [title, ...columns] : [...columns];
  const parts = ["\uFEFF", writeRow(fields.map((field) => guarded(field.label)))];
  let pageToken = "";
  let rows = 0;
  do {
    const page = await client.listRecords({ type: type.name, filter, orderBy, pageSize: PAGE, pageToken }, { signal });
    for (const record of page.records) parts.push(writeRow(fields.map((field) => guarded(cellText(field, record)))));
    rows += page.records.length;
    onProgress(rows);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && rows < MOST_ROWS);
  return new Blob(parts, { type: "text/csv;charset=utf-8" });
}

/** Gives a file to the user. */
export function saveFile(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
