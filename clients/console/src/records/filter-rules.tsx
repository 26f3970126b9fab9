import { ActionIcon, Button, Select, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { FieldType, IdentityService, RecordService, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { isGroup, operatorsFor, takesValue, type FilterField, type Group, type Item, type Operator, type Rule } from "./filter.ts";
import { useReferences } from "./reference-input.tsx";
import classes from "./filter.module.css";

/** How deep groups go. */
const DEPTH = 3;

/** What records of a type can be filtered by: its fields, and what every record has. */
export function useFilterFields(type: RecordType): FilterField[] {
  const t = useText();
  return useMemo(
    () => [
      ...type.fields,
      { name: "creator", label: t("records.creator"), type: FieldType.REFERENCE, targetType: "user", options: [] },
      { name: "create_time", label: t("records.created"), type: FieldType.DATETIME, targetType: "", options: [] },
      { name: "update_time", label: t("records.changed"), type: FieldType.DATETIME, targetType: "", options: [] },
    ],
    [t, type.fields],
  );
}

/** A rule to begin with. */
export function emptyRule(fields: readonly FilterField[]): Rule {
  const field = fields.find((one) => one.type === FieldType.SELECTION) ?? fields[0];
  return { field: field?.name ?? "", operator: (field && operatorsFor(field)[0]) ?? "is", value: "" };
}

interface GroupEditorProps {
  fields: FilterField[];
  group: Group;
  onChange: (group: Group) => void;
  depth?: number;
}

/** Rules and groups of rules, one below the other. */
export function GroupEditor({ fields, group, onChange, depth = 1 }: GroupEditorProps) {
  const t = useText();
  const set = (index: number, item: Item): void => onChange({ ...group, items: group.items.with(index, item) });
  const remove = (index: number): void => onChange({ ...group, items: group.items.toSpliced(index, 1) });
  const add = (item: Item): void => onChange({ ...group, items: [...group.items, item] });
  return (
    <div className={classes.group} data-depth={depth}>
      {group.items.length > 1 && (
        <SegmentedControl
          size="xs"
          w="fit-content"
          value={group.join}
          onChange={(value) => onChange({ ...group, join: value === "or" ? "or" : "and" })}
          data={[{ value: "and", label: t("filter.all") }, { value: "or", label: t("filter.any") }]}
          aria-label={t("filter.join")}
        />
      )}
      {group.items.map((item, index) =>
        isGroup(item) ? (
          // oxlint-disable-next-line react/no-array-index-key -- a group is its place: it holds no state of its own
          <div key={index} className={classes.nested}>
            <GroupEditor fields={fields} group={item} onChange={(next) => set(index, next)} depth={depth + 1} />
            <ActionIcon variant="subtle" color="gray" aria-label={t("filter.removeGroup")} onClick={() => remove(index)}><IconTrash size={15} /></ActionIcon>
          </div>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key -- a rule is its place: it holds no state of its own
          <RuleRow key={index} rule={item} fields={fields} onChange={(next) => set(index, next)} onRemove={() => remove(index)} />
        ),
      )}
      <div className={classes.adders}>
        <Button variant="subtle" leftSection={<IconPlus size={15} />} onClick={() => add(emptyRule(fields))}>{t("filter.add")}</Button>
        {depth < DEPTH && (
          <Button variant="subtle" leftSection={<IconPlus size={15} />} onClick={() => add({ join: group.join === "and" ? "or" : "and", items: [emptyRule(fields), emptyRule(fields)] })}>
            {t("filter.addGroup")}
          </Button>
        )}
      </div>
    </div>
  );
}

function RuleRow({ rule, fields, onChange, onRemove }: { rule: Rule; fields: FilterField[]; onChange: (rule: Rule) => void; onRemove: () => void }) {
  const t = useText();
  const field = fields.find((one) => one.name === rule.field);
  const operators = field ? operatorsFor(field) : [];
  return (
    <div className={classes.rule}>
      <Select
        size="xs"
        searchable
        allowDeselect={false}
        aria-label={t("filter.field")}
        data={fields.map((one) => ({ value: one.name, label: one.label }))}
        value={rule.field}
        onChange={(name) => {
          const next = fields.find((one) => one.name === name);
          if (next) onChange({ field: next.name, operator: operatorsFor(next)[0] ?? "is", value: "" });
        }}
      />
      <Select
        size="xs"
        allowDeselect={false}
        aria-label={t("filter.operator")}
        data={operators.map((one) => ({ value: one, label: t(`operator.${one}`) }))}
        value={rule.operator}
        onChange={(value) => {
          const operator: Operator | undefined = operators.find((one) => one === value);
          if (operator) onChange({ ...rule, operator });
        }}
      />
      {field && takesValue(rule.operator) ? <RuleValue key={field.name} field={field} value={rule.value} onChange={(value) => onChange({ ...rule, value })} /> : <span />}
      <ActionIcon variant="subtle" color="gray" aria-label={t("filter.remove")} onClick={onRemove}><IconTrash size={15} /></ActionIcon>
    </div>
  );
}

function RuleValue({ field, value, onChange }: { field: FilterField; value: string; onChange: (value: string) => void }) {
  const t = useText();
  if (field.type === FieldType.REFERENCE || field.type === FieldType.REFERENCES) return <ReferenceValue field={field} value={value} onChange={onChange} />;
  if (field.type === FieldType.SELECTION) {
    return (
      <Select
        size="xs"
        searchable={field.options.length > 8}
        allowDeselect={false}
        aria-label={t("filter.value")}
        data={field.options.map((option) => ({ value: option.value, label: option.label }))}
        value={value || null}
        onChange={(next) => onChange(next ?? "")}
      />
    );
  }
  const time = field.type === FieldType.DATE || field.type === FieldType.DATETIME;
  return <TextInput size="xs" aria-label={t("filter.value")} type={time ? "date" : "text"} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}

function ReferenceValue({ field, value, onChange }: { field: FilterField; value: string; onChange: (value: string) => void }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<{ value: string; label: string }>();
  const stored = useReferenceName(field.targetType, picked?.value === value ? "" : value);
  const label = picked?.value === value ? picked.label : stored;
  const found = useReferences(field, open && query !== label ? query : "", open);
  const data = value === "" || found.some((one) => one.value === value) ? found : [{ value, label: label ?? value }, ...found];
  return (
    <Select
      size="xs"
      searchable
      allowDeselect={false}
      aria-label={t("filter.value")}
      data={data}
      filter={({ options }) => options}
      value={value || null}
      onSearchChange={setQuery}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      nothingFoundMessage={t("reference.none")}
      onChange={(next, option) => {
        setPicked(option ?? undefined);
        onChange(next ?? "");
      }}
    />
  );
}

/** The name of what an id stands for. */
export function useReferenceName(targetType: string, id: string): string | undefined {
  const user = useQuery(IdentityService.method.getUser, { userId: id }, { enabled: id !== "" && targetType === "user", staleTime: 300_000 });
  const record = useQuery(RecordService.method.getRecord, { recordId: id }, { enabled: id !== "" && targetType !== "user", staleTime: 300_000 });
  return targetType === "user" ? user.data?.user?.name : record.data?.record?.title;
}
