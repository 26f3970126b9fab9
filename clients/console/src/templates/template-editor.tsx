import { Button, Group, Select, SimpleGrid, Skeleton, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { IconArchive, IconArchiveOff, IconTrash } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { toFault } from "../api/fault.ts";
import { ComposeService, type MessageTemplate } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Ask } from "../settings/ask.tsx";
import { SaveBar, useSavedNotice } from "../settings/frame.tsx";
import settings from "../settings/settings.module.css";
import { Header, IconButton } from "../ui/header.tsx";
import { Failure, FailureLine } from "../ui/states.tsx";
import { insertAt, placeOfFault } from "./insert.ts";
import { PlaceholderPicker } from "./placeholder-picker.tsx";
import { TemplateFiles } from "./template-files.tsx";
import classes from "./templates.module.css";

interface TemplateEditorProps {
  /** UUID of the template; empty for a new one. */
  id: string;
  onBack: () => void;
  onSaved: (id: string) => void;
  onDeleted: () => void;
}

/** Writes a template, or a new one. */
export function TemplateEditor(props: TemplateEditorProps) {
  const { id, onBack } = props;
  const t = useText();
  const { data, error, refetch } = useQuery(ComposeService.method.getMessageTemplate, { messageTemplateId: id }, { enabled: id !== "", staleTime: 0 });
  const template = data?.template;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (id !== "" && !template) return <><Header title={t("settings.templates")} back={onBack} /><Stack p="md"><Skeleton h={58} /><Skeleton h={58} /><Skeleton h={220} /></Stack></>;
  return <Form key={template?.id ?? "new"} {...props} template={template} onChanged={() => void refetch()} />;
}

function Form({ template, onBack, onSaved, onDeleted, onChanged }: TemplateEditorProps & { template: MessageTemplate | undefined; onChanged: () => void }) {
  const t = useText();
  const saved = useSavedNotice();
  const [requestId] = useState(() => crypto.randomUUID());
  const [asking, setAsking] = useState(false);
  const [values, setValues] = useState({ name: template?.name ?? "", recordType: template?.recordType ?? "", subject: template?.subject ?? "", body: template?.body ?? "" });
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const done = ({ template: stored }: { template?: MessageTemplate }): void => {
    saved();
    onChanged();
    if (stored) onSaved(stored.id);
  };
  const create = useMutation(ComposeService.method.createMessageTemplate, { onSuccess: done });
  const update = useMutation(ComposeService.method.updateMessageTemplate, { onSuccess: done });
  const remove = useMutation(ComposeService.method.deleteMessageTemplate, { onSuccess: onDeleted });
  const readOnly = template !== undefined && !template.editable;
  const error = create.error ?? update.error;
  const submit = (): void => {
    create.reset();
    update.reset();
    if (template) update.mutate({ ...values, messageTemplateId: template.id, etag: template.etag });
    else create.mutate({ ...values, requestId });
  };
  return (
    <>
      <Header title={template?.name ?? t("template.add")} back={onBack}>
        {template && !readOnly && (
          <>
            <IconButton label={t(template.archived ? "settings.restore" : "settings.archive", { name: template.name })} onClick={() => update.mutate({ messageTemplateId: template.id, archived: !template.archived })}>
              {template.archived ? <IconArchiveOff size={18} stroke={1.7} /> : <IconArchive size={18} stroke={1.7} />}
            </IconButton>
            <IconButton label={t("settings.delete", { name: template.name })} onClick={() => setAsking(true)}><IconTrash size={18} stroke={1.7} /></IconButton>
          </>
        )}
        <Button variant="default" onClick={onBack}>{t("template.toList")}</Button>
      </Header>
      <div className={settings.body}>
        <form className={settings.column} onSubmit={(event) => { event.preventDefault(); submit(); }}>
          {readOnly && <Text size="sm" c="dimmed" mb="sm">{t("template.readOnly", { name: template.author?.name ?? "" })}</Text>}
          <Content values={values} error={error} readOnly={readOnly} onChange={set} />
          {template ? <TemplateFiles template={template} readOnly={readOnly} onChanged={onChanged} /> : <Text size="xs" c="dimmed" mt="sm">{t("template.filesLater")}</Text>}
          {!readOnly && <SaveBar error={isPlaceholder(error) ? undefined : error} busy={create.isPending || update.isPending} disabled={values.name.trim() === ""} />}
        </form>
      </div>
      {asking && template && <Ask title={t("settings.deleteAsk", { name: template.name })} hint={t("template.deleteHint")} action={t("template.delete")} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ messageTemplateId: template.id })} onClose={() => setAsking(false)} />}
    </>
  );
}

function isPlaceholder(error: unknown): boolean {
  return error !== null && error !== undefined && toFault(error).reason.startsWith("PLACEHOLDER_");
}

interface Values {
  name: string;
  recordType: string;
  subject: string;
  body: string;
}

function Content({ values, error, readOnly, onChange }: { values: Values; error: unknown; readOnly: boolean; onChange: (change: Partial<Values>) => void }) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const subject = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLTextAreaElement>(null);
  const last = useRef<"subject" | "body">("body");
  const wrong = isPlaceholder(error) ? placeOfFault(toFault(error)) : undefined;

  function insert(name: string): void {
    const field = last.current === "subject" ? subject.current : body.current;
    if (!field) return;
    const { text, caret } = insertAt(field.value, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, `{{ ${name} }}`);
    onChange({ [last.current]: text });
    requestAnimationFrame(() => {
      field.focus();
      field.setSelectionRange(caret, caret);
    });
  }

  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput label={t("settings.name")} required withAsterisk={false} disabled={readOnly} maxLength={80} value={values.name} onChange={(event) => onChange({ name: event.currentTarget.value })} />
        <Select size="sm" label={t("template.for")} allowDeselect={false} disabled={readOnly} data={[{ value: "", label: t("template.everywhere") }, ...types.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]} value={values.recordType} onChange={(value) => onChange({ recordType: value ?? "" })} />
      </SimpleGrid>
      <TextInput ref={subject} label={t("template.subject")} readOnly={readOnly} maxLength={300} error={wrong?.where === "subject" ? wrong.message : undefined} value={values.subject} onFocus={() => (last.current = "subject")} onChange={(event) => onChange({ subject: event.currentTarget.value })} />
      <div>
        <Group justify="space-between" align="end" mb={4}>
          <Text component="label" htmlFor="template-body" size="sm" fw={500}>{t("template.body")}</Text>
          {!readOnly && <PlaceholderPicker recordType={values.recordType} onPick={insert} />}
        </Group>
        <Textarea
          ref={body}
          id="template-body"
          className={classes.body}
          autosize
          minRows={8}
          maxRows={24}
          readOnly={readOnly}
          maxLength={20_000}
          error={wrong?.where === "body" ? wrong.message : undefined}
          value={values.body}
          onFocus={() => (last.current = "body")}
          onChange={(event) => onChange({ body: event.currentTarget.value })}
        />
        <Text size="xs" c="dimmed" mt={4}>{t("template.bodyHint", { example: '{{ record.number | "none" }}' })}</Text>
      </div>
      {wrong?.where === "elsewhere" && error !== null && <FailureLine error={error} />}
    </Stack>
  );
}
