import { MultiSelect } from "@mantine/core";
import type { Role } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { ROLE_LABELS } from "./field-types.ts";

interface RoleSelectProps {
  label: string;
  value: readonly Role[];
  error?: string;
  onChange: (roles: Role[]) => void;
}

/** Some roles; none stands for everybody. */
export function RoleSelect({ label, value, error, onChange }: RoleSelectProps) {
  const t = useText();
  return (
    <MultiSelect
      label={label}
      error={error}
      placeholder={value.length === 0 ? t("types.everybody") : undefined}
      data={ROLE_LABELS.map((one) => ({ value: String(one.role), label: t(one.label) }))}
      value={value.map(String)}
      onChange={(next) => onChange(ROLE_LABELS.map((one) => one.role).filter((role) => next.includes(String(role))))}
    />
  );
}
