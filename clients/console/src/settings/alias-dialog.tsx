import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { toFault } from "../api/fault.ts";
import { AliasWriters, FieldType, IdentityService, MailService, type Field, type MailAlias, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FieldInput } from "../records/field-input.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Dialog } from "../ui/dialog.tsx";
import { SaveBar } from "./frame.tsx";

interface AliasDialogProps {
  /** The alias to change; unset for a new one. */
  alias?: MailAlias;
  onClose: () => void;
  onSaved: () => void;
}

/** Fields that a record made by mail can begin with. */
const DEFAULTABLE = new Set([FieldType.SELECTION, FieldType.TEXT, FieldType.REFERENCE, FieldType.BOOLEAN]);

/** Adds an address that opens records, or changes one. */
export function AliasDialog({ alias, onClose, onSaved }: AliasDialogProps) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const users = useQuery(IdentityService.method.listUsers, { pageSize: 200 }).data?.users ?? [];
  const [requestId] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState({
    name: alias?.name ?? "",
    recordType: alias?.recordType ?? "",
    bodyField: alias?.bodyField ?? "",
    writers: alias?.writers || AliasWriters.EVERYBODY,
    followerIds: alias?.followerIds ?? [],
    fields: alias?.fields ?? ({} as JsonObject),
  });
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const done = (): void => {
    onSaved();
    onClose();
  };
  const create = useMutation(MailService.method.createMailAlias, { onSuccess: done });
  const update = useMutation(MailService.method.updateMailAlias, { onSuccess: done });
  const error = create.error ?? update.error;
  const taken = error && ["ALIAS_TAKEN", "ALIAS_RESERVED"].includes(toFault(error).reason) ? toFault(error).message : undefined;
  const type = types.find((one) => one.name === values.recordType);
  return (
    <Dialog opened onClose={onClose} title={alias ? t("alias.edit", { name: alias.name }) : t("alias.add")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (alias) update.mutate({ alias: { ...values, id: alias.id } });
          else create.mutate({ requestId, alias: values });
        }}
      >
        <Stack gap="sm">
          <TextInput label={t("alias.name")} description={t("alias.nameHint")} placeholder="orders" required withAsterisk={false} maxLength={64} error={taken} value={values.name} onChange={(event) => set({ name: event.currentTarget.value.trim().toLowerCase() })} />
          <Select size="sm" label={t("alias.recordType")} allowDeselect={false} data={types.map((one) => ({ value: one.name, label: one.label }))} value={values.recordType || null} onChange={(recordType) => set({ recordType: recordType ?? "", bodyField: "", fields: {} })} />
          {type && <TypeParts type={type} bodyField={values.bodyField} fields={values.fields} onChange={set} />}
          <Select
            size="sm"
            label={t("alias.writers")}
            allowDeselect={false}
            data={[{ value: String(AliasWriters.EVERYBODY), label: t("alias.everybody") }, { value: String(AliasWriters.CONTACTS), label: t("alias.contacts") }]}
            value={String(values.writers)}
            onChange={(value) => set({ writers: Number(value) })}
          />
          <MultiSelect size="sm" label={t("alias.followers")} searchable data={users.map((user) => ({ value: user.id, label: user.name }))} value={values.followerIds} onChange={(followerIds) => set({ followerIds })} nothingFoundMessage={t("reference.none")} />
          <SaveBar error={taken ? undefined : error} busy={create.isPending || update.isPending} disabled={values.name === "" || values.recordType === ""} onCancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}

interface TypePartsProps {
  type: RecordType;
  bodyField: string;
  fields: JsonObject;
  onChange: (change: { bodyField?: string; fields?: JsonObject }) => void;
}

/** Where the mail's text goes, and what the record begins with. */
function TypeParts({ type, bodyField, fields, onChange }: TypePartsProps) {
  const t = useText();
  const long = type.fields.filter((field) => field.type === FieldType.LONG_TEXT);
  const rest = type.fields.filter((field) => DEFAULTABLE.has(field.type) && field.name !== type.titleField);
  const chosen = rest.filter((field) => Object.hasOwn(fields, field.name));
  const set = (field: Field, value: JsonValue | undefined): void => onChange({ fields: { ...fields, [field.name]: value ?? null } });
  return (
    <>
      {long.length > 0 && <Select size="sm" label={t("alias.bodyField")} clearable placeholder={t("alias.bodyNone")} data={long.map((field) => ({ value: field.name, label: field.label }))} value={bodyField || null} onChange={(value) => onChange({ bodyField: value ?? "" })} />}
      <MultiSelect
        size="sm"
        label={t("alias.defaults")}
        data={rest.map((field) => ({ value: field.name, label: field.label }))}
        value={chosen.map((field) => field.name)}
        onChange={(names) => onChange({ fields: Object.fromEntries(names.map((name) => [name, fields[name] ?? null])) })}
      />
      {chosen.map((field) => <FieldInput key={field.name} field={{ ...field, required: false }} value={fields[field.name] ?? undefined} onChange={(value) => set(field, value)} onCommit={(value) => set(field, value)} />)}
      {chosen.length > 0 && <Text size="xs" c="dimmed">{t("alias.defaultsHint")}</Text>}
    </>
  );
}
