import type { JsonValue } from "@bufbuild/protobuf";
import { MultiSelect, Select, type ComboboxItem } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { FieldType, RecordService, type Field } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { commonProps, type FieldInputProps } from "./field-props.ts";

/** Finds what a reference field can point to, while one types. */
export function useReferences(field: Pick<Field, "targetType">, query: string, enabled: boolean): ComboboxItem[] {
  const [settled] = useDebouncedValue(query.trim(), 150);
  const { data } = useQuery(
    RecordService.method.searchReferences,
    { type: field.targetType, query: settled, pageSize: 20 },
    { enabled, placeholderData: keepPreviousData },
  );
  return (data?.references ?? []).map((reference) => ({ value: reference.id, label: reference.title }));
}

/** A reference, or several, found by typing. */
export function ReferenceInput(props: FieldInputProps) {
  return props.field.type === FieldType.REFERENCES ? <Many {...props} /> : <One {...props} />;
}

/** Adds what is chosen to what was found, so that it keeps its name. */
function withChosen(found: ComboboxItem[], chosen: ComboboxItem[]): ComboboxItem[] {
  return [...chosen.filter((one) => !found.some((other) => other.value === one.value)), ...found];
}

function One(props: FieldInputProps) {
  const { field, value, display, onChange, onCommit } = props;
  const t = useText();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<ComboboxItem>();
  const id = typeof value === "string" ? value : "";
  const label = picked?.value === id ? picked.label : (display ?? id);
  const searched = open && query !== label ? query : "";
  const found = useReferences(field, searched, open);
  return (
    <Select
      {...commonProps(props)}
      searchable
      clearable={!field.required}
      clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
      allowDeselect={false}
      data={id === "" ? found : withChosen(found, [{ value: id, label }])}
      filter={({ options }) => options}
      value={id === "" ? null : id}
      onSearchChange={setQuery}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      nothingFoundMessage={t("reference.none")}
      onChange={(next, option) => {
        setPicked(option ?? undefined);
        onChange(next ?? undefined);
        onCommit(next ?? undefined);
      }}
    />
  );
}

function idsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function Many(props: FieldInputProps) {
  const { field, value, display, onChange, onCommit } = props;
  const t = useText();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState(false);
  const [known, setKnown] = useState<ComboboxItem[]>([]);
  const ids = idsOf(value);
  const names = (display ?? "").split(", ");
  const found = useReferences(field, query, open);
  const chosen = ids.map((id, index) => known.find((one) => one.value === id) ?? { value: id, label: names[index] || id });
  return (
    <MultiSelect
      {...commonProps(props)}
      searchable
      data={withChosen(found, chosen)}
      filter={({ options }) => options}
      value={ids}
      searchValue={query}
      onSearchChange={setQuery}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      nothingFoundMessage={t("reference.none")}
      onChange={(next) => {
        setKnown(withChosen(found, chosen));
        const result = next.length > 0 ? next : undefined;
        onChange(result);
        onCommit(result);
      }}
    />
  );
}
