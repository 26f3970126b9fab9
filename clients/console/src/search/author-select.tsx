import { Select } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { ChatterService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";

/** A user or contact who wrote, found by typing. */
export function AuthorSelect({ value, onChange }: { value: string; onChange: (partyId: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState({ value: "", label: "" });
  const [query] = useDebouncedValue(typed === picked.label ? "" : typed.trim(), 150);
  const { data } = useQuery(ChatterService.method.suggestParties, { query, pageSize: 12 }, { placeholderData: keepPreviousData });
  const found = (data?.parties ?? []).flatMap(({ party }) => (party ? [{ value: party.id, label: party.name }] : []));
  const known = picked.value === value ? picked.label : t("search.somebody");
  const all = value === "" || found.some((one) => one.value === value) ? found : [{ value, label: known }, ...found];
  return (
    <Select
      size="xs"
      w={160}
      searchable
      clearable
      aria-label={t("search.author")}
      placeholder={t("search.author")}
      clearButtonProps={{ "aria-label": t("action.clear", { field: t("search.author") }) }}
      nothingFoundMessage={t("reference.none")}
      data={all}
      filter={({ options }) => options}
      value={value === "" ? null : value}
      onSearchChange={setTyped}
      onChange={(next, option) => {
        setPicked({ value: option?.value ?? "", label: option?.label ?? "" });
        onChange(next ?? "");
      }}
    />
  );
}
