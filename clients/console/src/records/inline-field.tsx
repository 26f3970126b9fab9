import type { JsonValue } from "@bufbuild/protobuf";
import { Button, Group, Text } from "@mantine/core";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { createClient } from "@connectrpc/connect";
import { useQueryClient } from "@tanstack/react-query";
import { IconCheck } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { GetRecordResponseSchema, RecordService, type Field, type Record as ParleyRecord } from "../api/contract.ts";
import { create } from "@bufbuild/protobuf";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useFaultText } from "../ui/states.tsx";
import { FieldInput } from "./field-input.tsx";
import { isSame, saveField, type Conflict } from "./save.ts";
import classes from "./records.module.css";

/** Saves fields of a record one at a time, each guarded by the record's etag. */
export function useSaver(record: ParleyRecord) {
  const transport = useTransport();
  const queries = useQueryClient();
  const latest = useRef(record);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  // What was just saved is newer than what a slower answer may still bring.
  useEffect(() => {
    latest.current = record;
  }, [record]);

  return (field: string, base: JsonValue | undefined, value: JsonValue | undefined): Promise<Conflict | undefined> => {
    const run = async (): Promise<Conflict | undefined> => {
      const result = await saveField(createClient(RecordService, transport), latest.current, field, base, value);
      latest.current = result.record;
      const key = createConnectQueryKey({ schema: RecordService.method.getRecord, input: { recordId: record.id }, transport, cardinality: "finite" });
      queries.setQueryData(key, create(GetRecordResponseSchema, { record: result.record }));
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RecordService.method.listRecords, cardinality: undefined }) });
      return result.conflict;
    };
    // One after another: each needs the etag of the one before.
    const turn = queue.current.then(run, run);
    queue.current = turn.catch(() => undefined);
    return turn;
  };
}

interface InlineFieldProps {
  field: Field;
  record: ParleyRecord;
  save: ReturnType<typeof useSaver>;
}

/** A field of a record that is saved when one leaves it. */
export function InlineField({ field, record, save }: InlineFieldProps) {
  const t = useText();
  const faultText = useFaultText();
  const stored = record.fields?.[field.name];
  const [draft, setDraft] = useState<{ value: JsonValue | undefined; base: JsonValue | undefined }>();
  const [state, setState] = useState<"idle" | "saving" | "saved">("idle");
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

  return (
    <div className={classes.field}>
      <FieldInput
        field={field}
        value={draft ? draft.value : stored}
        display={record.display[field.name]}
        error={error}
        onChange={(value) => setDraft({ value, base })}
        onCommit={(value) => void commit(value)}
      />
      <span className={classes.saveState} aria-live="polite">
        {state === "saving" && t("record.saving")}
        {state === "saved" && <><IconCheck size={13} aria-hidden />{t("record.saved")}</>}
      </span>
      {conflict && (
        <div className={classes.conflict} role="alert">
          <Text size="xs">{t("record.conflict", { value: conflict.theirsText || t("change.nothing") })}</Text>
          <Group gap={6}>
            <Button size="compact-xs" onClick={() => resolve(true)}>{t("record.keepMine")}</Button>
            <Button size="compact-xs" variant="default" onClick={() => resolve(false)}>{t("record.takeTheirs")}</Button>
          </Group>
        </div>
      )}
    </div>
  );
}
