import type { JsonValue } from "@bufbuild/protobuf";
import { Button, Checkbox, Popover, Select, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { IconEdit, IconTrash, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { RecordService, type Record as ParleyRecord, type RecordResult, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import { changesInBulk, setField, undo, undoing } from "./bulk.ts";
import { FieldInput } from "./field-input.tsx";
import { useRenewLists } from "./query.ts";
import { MOST_CHOSEN } from "./selection.ts";
import { Undoable } from "./undoable.tsx";
import classes from "./records.module.css";

interface BulkProps {
  type: RecordType;
  records: ParleyRecord[];
  onClear: () => void;
}

/** What can be done with the records that are ticked, in the place of the tools. */
export function BulkBar({ type, records, onClear }: BulkProps) {
  const t = useText();
  const [changing, setChanging] = useState(false);
  const [deleting, setDeleting] = useState(false);
  return (
    <div className={classes.tools} role="toolbar" aria-label={t("bulk.label")}>
      <IconButton label={t("bulk.clear")} keys="Esc" onClick={onClear}><IconX size={17} /></IconButton>
      <Text fw={600} className="numeric" aria-live="polite">{t("bulk.chosen", { count: records.length })}</Text>
      {records.length === MOST_CHOSEN && <Text size="xs" c="dimmed">{t("bulk.most")}</Text>}
      <Popover opened={changing} onChange={setChanging} position="bottom-start" width={300} trapFocus closeOnClickOutside={false}>
        <Popover.Target>
          <Button variant="default" leftSection={<IconEdit size={15} />} aria-expanded={changing} onClick={() => setChanging(!changing)}>{t("bulk.change")}</Button>
        </Popover.Target>
        <Popover.Dropdown p="md">
          <Change type={type} records={records} onCancel={() => setChanging(false)} onDone={onClear} />
        </Popover.Dropdown>
      </Popover>
      <Button variant="default" leftSection={<IconTrash size={15} />} onClick={() => setDeleting(true)}>{t("bulk.delete")}</Button>
      {deleting && <Delete records={records} onCancel={() => setDeleting(false)} onDone={onClear} />}
    </div>
  );
}

function Change({ type, records, onCancel, onDone }: { type: RecordType; records: ParleyRecord[]; onCancel: () => void; onDone: () => void }) {
  const t = useText();
  const tell = useTell();
  const renew = useRenewLists();
  const client = createClient(RecordService, useTransport());
  const fields = type.fields.filter(changesInBulk);
  const [name, setName] = useState(() => (fields.find((field) => field.name === type.assigneeField) ?? fields[0])?.name ?? "");
  const [value, setValue] = useState<JsonValue>();
  const [empties, setEmpties] = useState(false);
  const field = fields.find((one) => one.name === name);
  const back = useMutation({
    mutationFn: (parts: ReturnType<typeof undoing>) => undo(client, parts, name),
    onSuccess: (results) => tell(results),
    onSettled: renew,
  });
  const change = useMutation({
    mutationFn: () => setField(client, records.map((record) => record.id), name, empties ? undefined : value),
    onSuccess: (results) => {
      const parts = undoing(records, results, name);
      tell(results, parts.length > 0 ? () => back.mutate(parts) : undefined);
      onDone();
    },
    onSettled: renew,
  });
  if (!field) return <Text c="dimmed">{t("bulk.nothing")}</Text>;
  const nothing = value === undefined || value === "";
  return (
    <Stack gap="sm">
      <Select
        label={t("bulk.field")}
        allowDeselect={false}
        searchable={fields.length > 8}
        comboboxProps={{ withinPortal: false }}
        data={fields.map((one) => ({ value: one.name, label: one.label }))}
        value={name}
        onChange={(next) => {
          setName(next ?? name);
          setValue(undefined);
          setEmpties(false);
        }}
      />
      <FieldInput key={name} field={{ ...field, required: false }} value={empties ? undefined : value} disabled={empties} onChange={setValue} onCommit={setValue} />
      {!field.required && <Checkbox size="xs" label={t("bulk.emptyIt")} checked={empties} onChange={(event) => setEmpties(event.currentTarget.checked)} />}
      {change.error && <FailureLine error={change.error} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onCancel}>{t("action.cancel")}</Button>
        <Button loading={change.isPending} disabled={nothing && !empties} onClick={() => change.mutate()}>
          {empties ? t("bulk.empty", { count: records.length }) : t("bulk.apply", { count: records.length })}
        </Button>
      </div>
    </Stack>
  );
}

function Delete({ records, onCancel, onDone }: { records: ParleyRecord[]; onCancel: () => void; onDone: () => void }) {
  const t = useText();
  const tell = useTell();
  const renew = useRenewLists();
  const client = createClient(RecordService, useTransport());
  const remove = useMutation({
    mutationFn: async () => (await client.deleteRecords({ recordIds: records.map((record) => record.id) })).results,
    onSuccess: (results) => {
      tell(results, undefined, "bulk.deleted");
      onDone();
    },
    onSettled: renew,
  });
  return (
    <Dialog opened onClose={onCancel} title={t("bulk.deleteAsk", { count: records.length })}>
      <Stack gap="md">
        <Text>{t("bulk.deleteHint")}</Text>
        {remove.error && <FailureLine error={remove.error} />}
        <div className={classes.buttons}>
          <Button variant="default" data-autofocus onClick={onCancel}>{t("action.cancel")}</Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>{t("bulk.deleteSure", { count: records.length })}</Button>
        </div>
      </Stack>
    </Dialog>
  );
}

/** Says how many went well, and why the first of the others did not. */
function useTell() {
  const t = useText();
  return (results: RecordResult[], onUndo?: () => void, done: "bulk.changed" | "bulk.deleted" = "bulk.changed"): void => {
    const failed = results.filter((result) => result.failure);
    const went = results.length - failed.length;
    const id = crypto.randomUUID();
    if (went > 0) {
      const text = t(done, { count: went });
      notifications.show({ id, autoClose: 10_000, message: onUndo ? <Undoable id={id} text={text} onUndo={onUndo} /> : text });
    }
    const [first] = failed;
    if (first?.failure) notifications.show({ color: "red", autoClose: 10_000, title: t("bulk.failed", { count: failed.length }), message: first.failure.message });
  };
}
