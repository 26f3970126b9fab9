import { Checkbox, Stack } from "@mantine/core";
import type { Subtype } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";

/** A tick for each kind of update. */
export function SubtypeChecks({ subtypes }: { subtypes: Subtype[] }) {
  const t = useText();
  return (
    <Stack gap={6} pt={6}>
      {subtypes.map((subtype) => (
        <Checkbox key={subtype.name} size="xs" value={subtype.name} label={subtype.internal ? t("follow.internalSubtype", { label: subtype.label }) : subtype.label} />
      ))}
    </Stack>
  );
}
