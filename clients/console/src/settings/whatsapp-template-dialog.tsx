import { Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { toFault } from "../api/fault.ts";
import { MessengerService, type WhatsAppTemplate } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { PlaceholderPicker } from "../templates/placeholder-picker.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SaveBar } from "./frame.tsx";
import { StateBadge } from "./state-badge.tsx";
import classes from "./settings.module.css";

interface WhatsAppTemplateDialogProps {
  template: WhatsAppTemplate;
  onClose: () => void;
  onSaved: () => void;
}

/** Binds a template to a record type, and says what fills its gaps. */
export function WhatsAppTemplateDialog({ template, onClose, onSaved }: WhatsAppTemplateDialogProps) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const [recordType, setRecordType] = useState(template.recordType);
  const [values, setValues] = useState(() => new Map(template.parameters.map((one) => [one.name, one.value])));
  const fill = (name: string, value: string): void => setValues((now) => new Map([...now, [name, value]]));
  const update = useMutation(MessengerService.method.updateWhatsAppTemplate, {
    onSuccess: () => {
      onSaved();
      onClose();
    },
  });
  const fault = update.error ? toFault(update.error) : undefined;
  const wrong = fault?.metadata["parameter"];
  return (
    <Dialog opened onClose={onClose} title={t("whatsapp.bindTitle", { name: template.name })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const parameters = template.parameters.map(({ name }) => ({ name, value: (values.get(name) ?? "").trim() }));
          update.mutate({ template: { id: template.id, recordType, parameters }, updateMask: { paths: ["record_type", "parameters"] } });
        }}
      >
        <Stack gap="sm">
          <Group gap="xs"><StateBadge state={template.state} /><Text size="xs" c="dimmed">{[template.language, template.category.toLowerCase()].join(" · ")}</Text></Group>
          <div className={classes.preview} dir="auto">
            {template.header !== "" && <Text fw={600}>{template.header}</Text>}
            <Text>{template.body}</Text>
            {template.footer !== "" && <Text size="xs" c="dimmed">{template.footer}</Text>}
          </div>
          <Select size="sm" label={t("whatsapp.recordType")} allowDeselect={false} data={[{ value: "", label: t("whatsapp.noType") }, ...types.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]} value={recordType} onChange={(value) => setRecordType(value ?? "")} />
          {template.parameters.map((one) => (
            <Group key={one.name} align="end" gap={4} wrap="nowrap">
              <TextInput flex={1} label={t("whatsapp.parameter", { name: one.name })} placeholder={one.example === "" ? "{{ record.title }}" : t("whatsapp.example", { example: one.example })} maxLength={500} error={wrong === one.name ? fault?.message : undefined} value={values.get(one.name) ?? ""} onChange={(event) => fill(one.name, event.currentTarget.value)} />
              <PlaceholderPicker recordType={recordType} onPick={(name) => fill(one.name, `${values.get(one.name) ?? ""}{{ ${name} }}`)} />
            </Group>
          ))}
          <SaveBar error={wrong ? undefined : update.error} busy={update.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
