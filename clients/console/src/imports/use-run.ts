import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { useRenewLists } from "../records/query.ts";
import { NOTHING, runImport, type Outcome } from "./run.ts";
import type { Mapping, Table } from "./table.ts";

/** A check or an import, as it goes. */
export interface Run {
  state: "idle" | "checked" | "imported" | "stopped";
  busy: boolean;
  /** True for a check, which saves nothing. */
  dry: boolean;
  outcome: Outcome | undefined;
  error: unknown;
  start: (mapping: Mapping, dryRun: boolean) => Promise<void>;
  stop: () => void;
  /** Forgets what was found: the mapping has changed. */
  reset: () => void;
}

export function useRun(type: RecordType, table: Table): Run {
  const client = createClient(RecordService, useTransport());
  const renew = useRenewLists();
  const [now, setNow] = useState<Pick<Run, "state" | "busy" | "dry" | "outcome" | "error">>({ state: "idle", busy: false, dry: true, outcome: undefined, error: undefined });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  async function start(mapping: Mapping, dryRun: boolean): Promise<void> {
    const mine = new AbortController();
    abort.current = mine;
    setNow({ state: "idle", busy: true, dry: dryRun, outcome: NOTHING, error: undefined });
    try {
      const onProgress = (outcome: Outcome): void => setNow((before) => ({ ...before, outcome }));
      await runImport(client, { type: type.name, table, mapping, dryRun, signal: mine.signal, onProgress });
      setNow((before) => ({ ...before, busy: false, state: dryRun ? "checked" : "imported" }));
    } catch (error) {
      setNow((before) => ({ ...before, busy: false, state: "stopped", error: mine.signal.aborted ? undefined : error }));
    } finally {
      if (!dryRun) void renew();
    }
  }

  return {
    ...now,
    start,
    stop: () => abort.current?.abort(),
    reset: () => setNow({ state: "idle", busy: false, dry: true, outcome: undefined, error: undefined }),
  };
}
