import { Button, Group, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { Field, Record as ParleyRecord } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FieldInput } from "./field-input.tsx";
import { useInline, type Inline, type Saver } from "./use-inline.ts";
import classes from "./records.module.css";

interface InlineFieldProps {
  field: Field;
  record: ParleyRecord;
  save: Saver;
  /** True for those who may only read. */
  disabled?: boolean;
}

/** A field of a record that is saved when one leaves it. */
export function InlineField({ field, record, save, disabled = false }: InlineFieldProps) {
  const inline = useInline(field, record, save);
  return (
    <div className={classes.field}>
      <FieldInput
        field={field}
        value={inline.value}
        display={record.display[field.name]}
        error={inline.error}
        disabled={disabled}
        onChange={inline.change}
        onCommit={(value) => void inline.commit(value)}
      />
      <SaveState inline={inline} />
      <ConflictBox inline={inline} />
    </div>
  );
}

/** Says that a field is being saved, or was. */
export function SaveState({ inline }: { inline: Inline }) {
  const t = useText();
  return (
    <span className={classes.saveState} aria-live="polite">
      {inline.state === "saving" && t("record.saving")}
      {inline.state === "saved" && <><IconCheck size={13} aria-hidden />{t("record.saved")}</>}
    </span>
  );
}

/** Shows what somebody else wrote meanwhile, and lets the user decide. */
export function ConflictBox({ inline }: { inline: Inline }) {
  const t = useText();
  if (!inline.conflict) return null;
  return (
    <div className={classes.conflict} role="alert">
      <Text size="xs">{t("record.conflict", { value: inline.conflict.theirsText || t("change.nothing") })}</Text>
      <Group gap={6}>
        <Button size="compact-xs" onClick={() => inline.resolve(true)}>{t("record.keepMine")}</Button>
        <Button size="compact-xs" variant="default" onClick={() => inline.resolve(false)}>{t("record.takeTheirs")}</Button>
      </Group>
    </div>
  );
}
