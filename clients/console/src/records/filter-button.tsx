import { ActionIcon, Alert, Button, Code, Group, Popover, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { IconFilter, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { FieldType, RecordService, type Field, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import type { RecordsSearch } from "../search.ts";
import { useFaultText } from "../ui/states.tsx";
import { decodeFilter, encodeFilter, operatorsFor, takesValue, toCel, type Filter, type Operator, type Rule } from "./filter.ts";
import { useReferences } from "./reference-input.tsx";
import classes from "./records.module.css";

interface FilterButtonProps {
  type: RecordType;
  search: RecordsSearch;
  onChange: (search: RecordsSearch) => void;
}

/** Opens the filter builder, and says how many rules there are. */
export function FilterButton(props: FilterButtonProps) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const narrow = useMediaQuery("(max-width: 800px)", false, { getInitialValueInEffect: false });
  const { search } = props;
  const rules = search.q ? 1 : decodeFilter(search.f).rules.length;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={narrow ? "calc(100vw - 24px)" : 560} trapFocus closeOnClickOutside={false}>
      <Popover.Target>
        <Button variant={rules > 0 ? "light" : "default"} leftSection={<IconFilter size={15} />} onClick={() => setOpen(!open)} aria-expanded={open}>
          {rules > 0 ? t("filter.on", { count: rules }) : t("filter.title")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="md">
        <Builder {...props} onClose={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Builder({ type, search, onChange, onClose }: FilterButtonProps & { onClose: () => void }) {
  const t = useText();
  const [raw, setRaw] = useState(search.q);
  const [filter, setFilter] = useState<Filter>(() => {
    const given = decodeFilter(search.f);
    return given.rules.length > 0 || search.q ? given : { ...given, rules: [emptyRule(type.fields)] };
  });
  const cel = raw ?? toCel(filter, type.fields);
  const { valid, message } = useCheck(type.name, cel);
  function apply(): void {
    const f = encodeFilter({ ...filter, rules: filter.rules.filter((rule) => !takesValue(rule.operator) || rule.value.trim() !== "") });
    onChange(raw === undefined ? { f, q: undefined } : { q: raw.trim() || undefined, f: undefined });
    onClose();
  }
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          value={raw === undefined ? "rules" : "cel"}
          onChange={(value) => setRaw(value === "cel" ? cel : undefined)}
          data={[{ value: "rules", label: t("filter.rules") }, { value: "cel", label: t("filter.expression") }]}
          aria-label={t("filter.how")}
        />
        <Text size="xs" c={valid ? "dimmed" : "var(--mantine-color-error)"} aria-live="polite">{valid ? message : ""}</Text>
      </Group>
      {raw === undefined ? (
        <Rules fields={type.fields} filter={filter} onChange={setFilter} />
      ) : (
        <Textarea
          autosize
          minRows={3}
          maxLength={4_096}
          aria-label={t("filter.expression")}
          description={t("filter.expressionHint")}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          value={raw}
          onChange={(event) => setRaw(event.currentTarget.value)}
        />
      )}
      {!valid && <Alert color="red" variant="light" p="xs"><Text size="xs">{message}</Text></Alert>}
      {raw === undefined && cel !== "" && <Code className={classes.cel}>{cel}</Code>}
      <Group justify="flex-end" gap="xs">
        <Button variant="subtle" color="gray" onClick={() => { onChange({ f: undefined, q: undefined }); onClose(); }}>{t("filter.clear")}</Button>
        <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
        <Button disabled={!valid} onClick={apply}>{t("filter.apply")}</Button>
      </Group>
    </Stack>
  );
}

/** Asks the server how many records match: it also tells what is wrong with an expression. */
function useCheck(type: string, cel: string): { valid: boolean; message: string } {
  const t = useText();
  const faultText = useFaultText();
  const [filter] = useDebouncedValue(cel.trim(), 300);
  const { data, error } = useQuery(RecordService.method.countRecords, { type, filter }, { retry: false });
  if (error) return { valid: false, message: faultText(toFault(error)) };
  return { valid: true, message: data ? t("filter.matches", { count: Number(data.count) }) : "" };
}

function emptyRule(fields: readonly Field[]): Rule {
  const field = fields.find((one) => one.type === FieldType.SELECTION) ?? fields[0];
  return { field: field?.name ?? "", operator: (field && operatorsFor(field)[0]) ?? "is", value: "" };
}

function Rules({ fields, filter, onChange }: { fields: Field[]; filter: Filter; onChange: (filter: Filter) => void }) {
  const t = useText();
  const set = (index: number, rule: Rule): void => onChange({ ...filter, rules: filter.rules.with(index, rule) });
  return (
    <Stack gap="xs">
      {filter.rules.length > 1 && (
        <SegmentedControl
          size="xs"
          w="fit-content"
          value={filter.join}
          onChange={(value) => onChange({ ...filter, join: value === "or" ? "or" : "and" })}
          data={[{ value: "and", label: t("filter.all") }, { value: "or", label: t("filter.any") }]}
          aria-label={t("filter.join")}
        />
      )}
      {filter.rules.map((rule, index) => (
        <RuleRow
          // oxlint-disable-next-line react/no-array-index-key -- a rule is its place: it holds no state of its own
          key={index}
          rule={rule}
          fields={fields}
          onChange={(next) => set(index, next)}
          onRemove={() => onChange({ ...filter, rules: filter.rules.toSpliced(index, 1) })}
        />
      ))}
      <Button variant="subtle" w="fit-content" leftSection={<IconPlus size={15} />} onClick={() => onChange({ ...filter, rules: [...filter.rules, emptyRule(fields)] })}>
        {t("filter.add")}
      </Button>
    </Stack>
  );
}

function RuleRow({ rule, fields, onChange, onRemove }: { rule: Rule; fields: Field[]; onChange: (rule: Rule) => void; onRemove: () => void }) {
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
      {field && takesValue(rule.operator) ? <RuleValue field={field} value={rule.value} onChange={(value) => onChange({ ...rule, value })} /> : <span />}
      <ActionIcon variant="subtle" color="gray" aria-label={t("filter.remove")} onClick={onRemove}><IconTrash size={15} /></ActionIcon>
    </div>
  );
}

function RuleValue({ field, value, onChange }: { field: Field; value: string; onChange: (value: string) => void }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const reference = field.type === FieldType.REFERENCE || field.type === FieldType.REFERENCES;
  const found = useReferences(field, query, reference);
  if (reference || field.type === FieldType.SELECTION) {
    return (
      <Select
        size="xs"
        searchable
        allowDeselect={false}
        aria-label={t("filter.value")}
        data={reference ? found : field.options.map((option) => ({ value: option.value, label: option.label }))}
        value={value || null}
        onSearchChange={reference ? setQuery : undefined}
        onChange={(next) => onChange(next ?? "")}
      />
    );
  }
  const time = field.type === FieldType.DATE || field.type === FieldType.DATETIME;
  return (
    <TextInput
      size="xs"
      aria-label={t("filter.value")}
      type={time ? "date" : "text"}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
