import { create, type JsonValue } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { GetRecordResponseSchema, RecordService, type Field, type Record as ParleyRecord } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useFaultText } from "../ui/states.tsx";
import { renewLists } from "./query.ts";
import { isSame, saveField, type Conflict } from "./save.ts";

/** Saves a field: with what the user began from, and the new value. */
export type Saver = (field: string, base: JsonValue | undefined, value: JsonValue | undefined) => Promise<Conflict | undefined>;

/** Saves fields of a record one at a time, each guarded by the record's etag. */
export function useSaver(record: ParleyRecord): Saver {
  const transport = useTransport();
  const queries = useQueryClient();
  const latest = useRef(record);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  // What was just saved is newer than what a slower answer may still bring.
  useEffect(() => {
    latest.current = record;
  }, [record]);

  return (field, base, value) => {
    const run = async (): Promise<Conflict | undefined> => {
      const result = await saveField(createClient(RecordService, transport), latest.current, field, base, value);
      latest.current = result.record;
      const key = createConnectQueryKey({ schema: RecordService.method.getRecord, input: { recordId: record.id }, transport, cardinality: "finite" });
      queries.setQueryData(key, create(GetRecordResponseSchema, { record: result.record }));
      void renewLists(queries);
      return result.conflict;
    };
    // One after another: each needs the etag of the one before.
    const turn = queue.current.then(run, run);
    queue.current = turn.catch(() => undefined);
    return turn;
  };
}

/** A field that is saved when one leaves it. */
export interface Inline {
  value: JsonValue | undefined;
  state: "idle" | "saving" | "saved";
  error: string | undefined;
  conflict: Conflict | undefined;
  /** Takes what is being typed. */
  change: (value: JsonValue | undefined) => void;
  commit: (value: JsonValue | undefined) => Promise<void>;
  /** Decides a conflict: for what the user wrote, or for what is stored. */
  resolve: (mine: boolean) => void;
}

export function useInline(field: Field, record: ParleyRecord, save: Saver): Inline {
  const faultText = useFaultText();
  const stored = record.fields?.[field.name];
  const [draft, setDraft] = useState<{ value: JsonValue | undefined; base: JsonValue | undefined }>();
  const [state, setState] = useState<Inline["state"]>("idle");
  const [error, setError] = useState<string>();
  const [conflict, setConflict] = useState<Conflict>();

  useEffect(() => {
    if (state !== "saved") return undefined;
    const timer = setTimeout(() => setState("idle"), 1_600);
    return () => clearTimeout(timer);
  }, [state]);

  // What the user began from, which others may have changed meanwhile.
  const base = draft ? draft.base : stored;

  async function commit(value: JsonValue | undefined, from = base): Promise<void> {
    if (isSame(value, from)) {
      setDraft(undefined);
      setError(undefined);
      return;
    }
    setDraft({ value, base: from });
    setState("saving");
    setError(undefined);
    try {
      const clash = await save(field.name, from, value);
      setConflict(clash);
      setState(clash ? "idle" : "saved");
      if (!clash) setDraft(undefined);
    } catch (reason) {
      setState("idle");
      setError(faultText(toFault(reason)));
    }
  }

  function resolve(mine: boolean): void {
    setConflict(undefined);
    if (mine && conflict) void commit(conflict.mine, conflict.theirs);
    else setDraft(undefined);
  }

  return {
    value: draft ? draft.value : stored,
    state,
    error,
    conflict,
    change: (value) => setDraft({ value, base }),
    commit: (value) => commit(value),
    resolve,
  };
}
