import { Checkbox, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { FieldType, type Field } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FieldInput } from "../records/field-input.tsx";
import { useRecordTypes } from "../records/query.ts";
import { defaultOf, ofType, toType, withDefault, withField, type DraftField } from "./draft.ts";
import { FIELD_TYPES, TYPE_LABELS } from "./field-types.ts";
import { OptionList } from "./option-list.tsx";
import { RoleSelect } from "./role-select.tsx";
import { SubtypeSelect } from "./subtype-select.tsx";
import type { PartProps } from "./type-page.tsx";
import classes from "./types.module.css";

/** All of one field. */
export function FieldEditor({ draft, onChange, errorAt, one }: PartProps & { one: DraftField }) {
  const t = useText();
  const { value: field, key, stored } = one;
  const set = (by: Partial<Field>): void => onChange(withField(draft, key, by));
  const error = (part: string): string | undefined => errorAt(part, { field: key });
  const refers = field.type === FieldType.REFERENCE || field.type === FieldType.REFERENCES;
  const subtypes = toType(draft).subtypes.map((subtype) => ({ value: subtype.name, label: subtype.label || subtype.name }));
  return (
    <Stack gap="sm" className={classes.editor}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
        <TextInput label={t("types.label")} withAsterisk maxLength={80} error={error("label")} data-autofocus={!stored} value={field.label} onChange={(event) => set({ label: event.currentTarget.value })} />
        <TextInput label={t("types.name")} description={stored ? t("types.nameStays") : t("types.nameHint")} withAsterisk maxLength={40} error={error("name") ?? error("")} disabled={stored} value={field.name} onChange={(event) => set({ name: event.currentTarget.value })} />
        <Select
          label={t("types.type")}
          allowDeselect={false}
          disabled={stored}
          error={error("type")}
          data={FIELD_TYPES.map((type) => ({ value: String(type), label: t(TYPE_LABELS[type]) }))}
          value={String(field.type)}
          onChange={(value) => set(ofType(FIELD_TYPES.find((type) => String(type) === value) ?? field.type))}
        />
        {refers && <Target field={field} stored={stored} own={{ value: draft.base.name, label: draft.base.label }} error={error("target_type")} onChange={(targetType) => set({ targetType, defaultValue: undefined })} />}
        {field.type === FieldType.TEXT && (
          <TextInput label={t("types.sequence")} description={t("types.sequenceHint")} maxLength={20} error={error("sequence_prefix")} value={field.sequencePrefix} onChange={(event) => set({ sequencePrefix: event.currentTarget.value })} />
        )}
      </SimpleGrid>
      {field.type === FieldType.SELECTION && <OptionList field={field} subtypes={subtypes} error={error} onChange={(options) => set({ options })} />}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
        <Stack gap={8} pt={4}>
          <Checkbox label={t("types.requiredHint")} error={error("required")} checked={field.required} onChange={(event) => set({ required: event.currentTarget.checked })} />
          <Checkbox label={t("types.trackedHint")} checked={field.tracked} onChange={(event) => set({ tracked: event.currentTarget.checked, ...(!event.currentTarget.checked && { changeSubtype: "" }) })} />
        </Stack>
        {hasDefault(field) && (
          <FieldInput
            field={{ ...field, name: "default_value", label: t("types.default"), required: false }}
            value={defaultOf(field)}
            error={error("default_value")}
            onChange={(value) => set(withDefault(value))}
            onCommit={(value) => set(withDefault(value))}
          />
        )}
        <RoleSelect label={t("types.readRoles")} value={field.readRoles} error={error("read_roles")} onChange={(readRoles) => set({ readRoles })} />
        {field.tracked && <SubtypeSelect label={t("types.changeSubtype")} subtypes={subtypes} value={field.changeSubtype} error={error("change_subtype")} onChange={(changeSubtype) => set({ changeSubtype })} />}
      </SimpleGrid>
    </Stack>
  );
}

function hasDefault(field: Field): boolean {
  if (field.type === FieldType.SELECTION) return field.options.some((option) => option.value !== "");
  return field.type !== FieldType.FILE && field.type !== FieldType.REFERENCES && field.sequencePrefix === "";
}

interface TargetProps {
  field: Field;
  stored: boolean;
  own: { value: string; label: string };
  error: string | undefined;
  onChange: (target: string) => void;
}

function Target({ field, stored, own, error, onChange }: TargetProps) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const data = [{ value: "user", label: t("types.targetUser") }, ...types.map((type) => ({ value: type.name, label: type.label }))];
  if (own.value !== "" && own.label !== "" && !data.some((one) => one.value === own.value)) data.push(own);
  return <Select label={t("types.target")} allowDeselect={false} searchable disabled={stored} error={error} data={data} value={field.targetType} onChange={(value) => onChange(value ?? "")} />;
}
