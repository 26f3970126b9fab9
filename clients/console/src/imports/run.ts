// oxlint-disable no-await-in-loop -- slices go one after another, so that later rows find earlier ones
import type { Client } from "@connectrpc/connect";
import type { RecordService, RowError } from "../api/contract.ts";
import { guarded, writeRow } from "../records/csv.ts";
import { slicesOf, type Mapping, type Table } from "./table.ts";

/** What became of the rows so far; the rows of errors are numbered as in the file. */
export interface Outcome {
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  errorCount: number;
  errors: RowError[];
}

export const NOTHING: Outcome = { done: 0, created: 0, updated: 0, unchanged: 0, errorCount: 0, errors: [] };

/** So many errors are kept to be shown. */
const MOST_ERRORS = 5_000;

interface RunOptions {
  type: string;
  table: Table;
  mapping: Mapping;
  /** True to check the rows and save nothing. */
  dryRun: boolean;
  signal: AbortSignal;
  onProgress: (outcome: Outcome) => void;
}

/** Sends a table slice by slice. What was sent before a failure or an abort stays; progress tells how far it came. */
export async function runImport(client: Client<typeof RecordService>, options: RunOptions): Promise<Outcome> {
  const { type, table, mapping, dryRun, signal, onProgress } = options;
  let outcome = NOTHING;
  for (const { data, first, rows } of slicesOf(table, mapping)) {
    signal.throwIfAborted();
    const answer = await client.importRecords({ type, format: table.format, data, dryRun }, { signal });
    const errors = answer.errors.map((error) => ({ ...error, row: error.row + first - 1 }));
    outcome = {
      done: outcome.done + rows,
      created: outcome.created + answer.created,
      updated: outcome.updated + answer.updated,
      unchanged: outcome.unchanged + answer.unchanged,
      errorCount: outcome.errorCount + answer.errorCount,
      errors: [...outcome.errors, ...errors].slice(0, MOST_ERRORS),
    };
    onProgress(outcome);
  }
  return outcome;
}

/** The errors as a file, to be worked through. */
export function errorsCsv(errors: readonly RowError[], head: readonly string[]): Blob {
  const rows = errors.map((error) => writeRow([String(error.row), guarded(error.field), guarded(error.message)]));
  return new Blob(["\uFEFF", writeRow(head), ...rows], { type: "text/csv;charset=utf-8" });
}
