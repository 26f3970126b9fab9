import { Select } from "@mantine/core";
import { useText } from "../intl/intl.tsx";

interface SubtypeSelectProps {
  label: string;
  subtypes: { value: string; label: string }[];
  value: string;
  error: string | undefined;
  size?: string;
  onChange: (subtype: string) => void;
}

/** The kind of update that a change is posted under, or none. */
export function SubtypeSelect({ label, subtypes, value, error, onChange, size = "sm" }: SubtypeSelectProps) {
  const t = useText();
  const known = subtypes.filter((one) => one.value !== "");
  const data = value === "" || known.some((one) => one.value === value) ? known : [...known, { value, label: value }];
  const named = size === "xs" ? { "aria-label": label } : { label };
  return <Select {...named} size={size} clearable clearButtonProps={{ "aria-label": t("action.clear", { field: label }) }} placeholder={t("types.noSubtype")} error={error} data={data} value={value || null} onChange={(next) => onChange(next ?? "")} />;
}
