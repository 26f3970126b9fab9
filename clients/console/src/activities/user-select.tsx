import { Select, type SelectProps } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { IdentityService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";

interface UserSelectProps extends Omit<SelectProps, "data" | "value" | "onChange"> {
  value: string;
  /** The name of who is chosen already. */
  name?: string;
  onChange: (userId: string) => void;
}

/** A user of the workspace, found by typing. */
export function UserSelect({ value, name, onChange, ...rest }: UserSelectProps) {
  const t = useText();
  const { me } = useServices();
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState({ value: "", label: "" });
  const known = picked.value === value ? picked.label : (name ?? (value === me.id ? me.name : value));
  const [query] = useDebouncedValue(typed === known ? "" : typed.trim(), 150);
  const { data } = useQuery(IdentityService.method.listUsers, { query, pageSize: 20 }, { placeholderData: keepPreviousData });
  const found = (data?.users ?? []).map((user) => ({ value: user.id, label: user.name }));
  const all = value === "" || found.some((one) => one.value === value) ? found : [{ value, label: known }, ...found];
  return (
    <Select
      size="sm"
      searchable
      allowDeselect={false}
      nothingFoundMessage={t("reference.none")}
      {...rest}
      data={all}
      filter={({ options }) => options}
      value={value === "" ? null : value}
      onSearchChange={setTyped}
      onChange={(next, option) => {
        if (option) setPicked({ value: option.value, label: option.label });
        onChange(next ?? "");
      }}
    />
  );
}
