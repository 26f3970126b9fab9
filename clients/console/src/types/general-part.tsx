import { Select, SimpleGrid, TextInput } from "@mantine/core";
import { FieldType, type Field } from "../api/contract.ts";
import { useText, type TextId } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { ICON_NAMES, TypeIcon } from "../ui/icons.tsx";
import { keptFields, slug, withText, type TextPart } from "./draft.ts";
import type { PartProps } from "./type-page.tsx";

const NOT_UNIQUE = [FieldType.LONG_TEXT, FieldType.MONEY, FieldType.BOOLEAN, FieldType.REFERENCES, FieldType.FILE];

/** The roles that fields have in a type, and what fits each. */
const ROLES: { part: TextPart; path: string; label: TextId; hint?: TextId; required?: boolean; fits: (field: Field) => boolean }[] = [
  { part: "titleField", path: "title_field", label: "types.titleField", required: true, fits: (field) => field.type === FieldType.TEXT },
  { part: "uniqueField", path: "unique_field", label: "types.uniqueField", hint: "types.uniqueHint", fits: (field) => !NOT_UNIQUE.includes(field.type) },
  { part: "assigneeField", path: "assignee_field", label: "types.assigneeField", fits: (field) => field.type === FieldType.REFERENCE && field.targetType === "user" },
  { part: "customerField", path: "customer_field", label: "types.customerField", fits: (field) => field.type === FieldType.REFERENCE && field.targetType === "contact" },
  { part: "parentField", path: "parent_field", label: "types.parentField", hint: "types.parentHint", fits: (field) => field.type === FieldType.REFERENCE && field.targetType !== "user" },
];

/** Names, icon, and which fields have a part to play. */
export function GeneralPart({ draft, onChange, errorAt, isNew }: PartProps & { isNew: boolean }) {
  const t = useText();
  const { base } = draft;
  const set = (part: TextPart, value: string): void => onChange(withText(draft, part, value));
  const fields = keptFields(draft).map((one) => one.value);

  function relabel(label: string): void {
    const follows = isNew && base.name === slug(base.label);
    const next = withText(draft, "label", label);
    onChange(follows ? withText(next, "name", slug(label)) : next);
  }

  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      <TextInput label={t("types.typeLabel")} withAsterisk maxLength={80} error={errorAt("label")} value={base.label} onChange={(event) => relabel(event.currentTarget.value)} />
      <TextInput label={t("types.pluralLabel")} maxLength={80} error={errorAt("plural_label")} value={base.pluralLabel} onChange={(event) => set("pluralLabel", event.currentTarget.value)} />
      <TextInput label={t("types.name")} description={isNew ? t("types.nameHint") : t("types.nameStays")} withAsterisk disabled={!isNew} maxLength={40} error={errorAt("name")} value={base.name} onChange={(event) => set("name", event.currentTarget.value)} />
      <Select
        label={t("types.icon")}
        description={t("types.iconHint")}
        clearable
        clearButtonProps={{ "aria-label": t("action.clear", { field: t("types.icon") }) }}
        leftSection={<TypeIcon icon={base.icon} type={base.name} size={16} />}
        data={ICON_NAMES.includes(base.icon) || base.icon === "" ? ICON_NAMES : [...ICON_NAMES, base.icon]}
        renderOption={({ option }) => <span style={{ display: "inline-flex", gap: 8, alignItems: "center" }}><TypeIcon icon={option.value} size={16} />{option.label}</span>}
        error={errorAt("icon")}
        value={base.icon || null}
        onChange={(value) => set("icon", value ?? "")}
      />
      {ROLES.map(({ part, path, label, hint, required = false, fits }) => (
        <Select
          key={part}
          label={t(label)}
          description={hint && t(hint)}
          withAsterisk={required}
          allowDeselect={false}
          clearable={!required}
          clearButtonProps={{ "aria-label": t("action.clear", { field: t(label) }) }}
          error={errorAt(path)}
          placeholder={t("types.noField")}
          data={fields.filter((field) => field.name !== "" && fits(field)).map((field) => ({ value: field.name, label: field.label || field.name }))}
          value={base[part] || null}
          onChange={(value) => onChange(part === "parentField" && !value ? withText(withText(draft, part, ""), "parentSubtype", "") : withText(draft, part, value ?? ""))}
        />
      ))}
      {base.parentField !== "" && <ParentSubtype draft={draft} onChange={onChange} errorAt={errorAt} />}
      <TextInput label={t("types.urlTemplate")} description={t("types.urlHint")} maxLength={500} error={errorAt("url_template")} value={base.urlTemplate} onChange={(event) => set("urlTemplate", event.currentTarget.value)} />
    </SimpleGrid>
  );
}

/** What followers of the parent are told of its parts by. */
function ParentSubtype({ draft, onChange, errorAt }: PartProps) {
  const t = useText();
  const target = draft.fields.find((one) => one.value.name === draft.base.parentField)?.value.targetType;
  const parent = useRecordTypes().data?.recordTypes.find((type) => type.name === target);
  return (
    <Select
      label={t("types.parentSubtype")}
      description={t("types.parentSubtypeHint")}
      withAsterisk
      allowDeselect={false}
      error={errorAt("parent_subtype")}
      data={(parent?.subtypes ?? []).map((subtype) => ({ value: subtype.name, label: subtype.label }))}
      value={draft.base.parentSubtype || null}
      onChange={(value) => onChange(withText(draft, "parentSubtype", value ?? ""))}
    />
  );
}
