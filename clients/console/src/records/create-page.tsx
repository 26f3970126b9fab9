import { Button, Group } from "@mantine/core";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { toJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { FieldType, RecordService, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Header } from "../ui/header.tsx";
import { Empty, FailureLine, useFaultText } from "../ui/states.tsx";
import { FieldInput } from "./field-input.tsx";
import { useRecordType } from "./query.ts";
import classes from "./records.module.css";

const route = getRouteApi("/app/records/$type/new");

/** The form of a new record. */
export function CreatePage() {
  const t = useText();
  const { type: name } = route.useParams();
  const type = useRecordType(name);
  return type ? <Form key={name} type={type} /> : <Empty text={t("records.noType")} />;
}

/** What a new record begins with; its creator works on it unless somebody else is named. */
function initial(type: RecordType, me: string): JsonObject {
  const fields: JsonObject = {};
  for (const field of type.fields) {
    if (field.defaultValue) fields[field.name] = toJson(ValueSchema, field.defaultValue);
  }
  if (type.assigneeField && fields[type.assigneeField] === undefined) fields[type.assigneeField] = me;
  return fields;
}

function Form({ type }: { type: RecordType }) {
  const t = useText();
  const { me } = useServices();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const faultText = useFaultText();
  const [requestId] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState<JsonObject>(() => initial(type, me.id));
  const [missing, setMissing] = useState<string[]>([]);
  const create = useMutation(RecordService.method.createRecord, {
    onSuccess: async ({ record }) => {
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RecordService.method.listRecords, cardinality: undefined }) });
      if (record) await navigate({ to: "/records/$type/$recordId", params: { type: type.name, recordId: record.id }, replace: true });
    },
  });
  const fault = create.error ? toFault(create.error) : undefined;
  const atFault = fault?.field.replace(/^record\.fields\.|^fields\./u, "");

  function set(name: string, value: JsonValue | undefined): void {
    setValues(({ [name]: _before, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }));
    setMissing((now) => now.filter((one) => one !== name));
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    const lacking = type.fields.filter((field) => field.required && !values[field.name]).map((field) => field.name);
    setMissing(lacking);
    if (lacking.length === 0) create.mutate({ requestId, record: { type: type.name, fields: values } });
  }

  function errorOf(name: string): string | undefined {
    if (missing.includes(name)) return t("record.required");
    return fault && atFault === name ? faultText(fault) : undefined;
  }

  const known = type.fields.some((field) => field.name === atFault);
  return (
    <form className={classes.form} onSubmit={submit}>
      <Header title={t("record.newOf", { type: type.label })} back={() => void navigate({ to: "/records/$type", params: { type: type.name } })}>
        <Group gap="xs">
          <Button variant="default" onClick={() => void navigate({ to: "/records/$type", params: { type: type.name } })}>{t("action.cancel")}</Button>
          <Button type="submit" loading={create.isPending}>{t("record.create")}</Button>
        </Group>
      </Header>
      <div className={classes.formBody}>
        {fault && !known && <FailureLine error={create.error} />}
        <div className={classes.fields}>
          {type.fields.filter((field) => field.type !== FieldType.FILE).map((field) => (
            <div key={field.name} className={classes.field} data-wide={field.name === type.titleField || field.type === FieldType.LONG_TEXT}>
              <FieldInput
                field={field}
                value={values[field.name]}
                display={field.name === type.assigneeField && values[field.name] === me.id ? me.name : undefined}
                error={errorOf(field.name)}
                // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page is there to fill this in
                autoFocus={field.name === type.titleField}
                onChange={(value) => set(field.name, value)}
                onCommit={(value) => set(field.name, value)}
              />
            </div>
          ))}
        </div>
      </div>
    </form>
  );
}
