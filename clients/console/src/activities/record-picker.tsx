import { Select, SimpleGrid } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { RecordService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";

interface RecordPickerProps {
  type: string;
  value: string;
  onChange: (picked: { type: string; id: string }) => void;
}

/** A record, found by its type and its title. */
export function RecordPicker({ type, value, onChange }: RecordPickerProps) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState({ value: "", label: "" });
  const [query] = useDebouncedValue(typed === picked.label ? "" : typed.trim(), 150);
  const { data } = useQuery(RecordService.method.searchReferences, { type, query, pageSize: 20 }, { enabled: type !== "", placeholderData: keepPreviousData });
  const found = (data?.references ?? []).map((one) => ({ value: one.id, label: one.title }));
  const all = value === "" || found.some((one) => one.value === value) ? found : [picked, ...found];
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <Select size="sm" label={t("activity.recordType")} allowDeselect={false} data={types.map((one) => ({ value: one.name, label: one.label }))} value={type || null} onChange={(next) => onChange({ type: next ?? "", id: "" })} />
      <Select
        size="sm"
        label={t("activity.record")}
        disabled={type === ""}
        searchable
        allowDeselect={false}
        data={all}
        filter={({ options }) => options}
        nothingFoundMessage={t("reference.none")}
        value={value || null}
        onSearchChange={setTyped}
        onChange={(id, option) => {
          setPicked({ value: option?.value ?? "", label: option?.label ?? "" });
          onChange({ type, id: id ?? "" });
        }}
      />
    </SimpleGrid>
  );
}
