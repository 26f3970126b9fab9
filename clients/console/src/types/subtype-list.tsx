import { Button, Checkbox, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { Subtype } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { newSubtype, slug } from "./draft.ts";
import { Sortable, SortableItem } from "./sortable.tsx";
import type { PartProps } from "./type-page.tsx";
import classes from "./types.module.css";

/** They are always there. */
const FIXED = ["discussions", "notes", "activities"];

/** The kinds of update that followers subscribe to. */
export function SubtypeList({ draft, onChange, errorAt }: PartProps) {
  const t = useText();
  const set = (key: string, by: Partial<Subtype>): void => onChange({ ...draft, subtypes: draft.subtypes.map((one) => (one.key === key ? { ...one, value: { ...one.value, ...by } } : one)) });
  const taken = (key: string): string[] => draft.subtypes.filter((one) => one.key !== key).map((one) => one.value.name);
  return (
    <div>
      <Text size="xs" c="dimmed" mb="xs">{t("types.subtypesHint")}</Text>
      {errorAt("subtypes") && <Text size="xs" c="var(--mantine-color-error)" role="alert">{errorAt("subtypes")}</Text>}
      <Sortable items={draft.subtypes} onChange={(subtypes) => onChange({ ...draft, subtypes })}>
        {({ key, value }) => {
          const error = (part: string): string | undefined => errorAt(part, { subtype: key });
          const follows = value.name === slug(value.label, taken(key));
          return (
            <SortableItem key={key} id={key} className={classes.subtype} label={t("types.move", { name: value.label })}>
              <TextInput
                size="xs"
                aria-label={t("types.label")}
                placeholder={t("types.label")}
                maxLength={80}
                error={error("label")}
                value={value.label}
                onChange={(event) => set(key, { label: event.currentTarget.value, ...(follows && { name: slug(event.currentTarget.value, taken(key)) }) })}
              />
              <TextInput size="xs" aria-label={t("types.name")} placeholder={t("types.name")} maxLength={40} error={error("name") ?? error("")} disabled={FIXED.includes(value.name)} value={value.name} onChange={(event) => set(key, { name: event.currentTarget.value })} />
              <Checkbox size="xs" label={t("types.byDefault")} checked={value.default} onChange={(event) => set(key, { default: event.currentTarget.checked })} />
              <Checkbox size="xs" label={t("types.internal")} error={error("internal")} checked={value.internal} onChange={(event) => set(key, { internal: event.currentTarget.checked })} />
              <IconButton label={t("types.remove", { name: value.label })} disabled={FIXED.includes(value.name)} onClick={() => onChange({ ...draft, subtypes: draft.subtypes.filter((one) => one.key !== key) })}>
                <IconTrash size={15} />
              </IconButton>
            </SortableItem>
          );
        }}
      </Sortable>
      <Button mt="sm" variant="default" leftSection={<IconPlus size={15} />} onClick={() => onChange({ ...draft, subtypes: [...draft.subtypes, newSubtype()] })}>
        {t("types.addSubtype")}
      </Button>
    </div>
  );
}
