import { Badge, Button, Text, UnstyledButton } from "@mantine/core";
import { IconArrowBackUp, IconChevronDown, IconChevronRight, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { withNewField, withoutField, type DraftField } from "./draft.ts";
import { FieldEditor } from "./field-editor.tsx";
import { TYPE_LABELS } from "./field-types.ts";
import { Sortable, SortableItem } from "./sortable.tsx";
import type { PartProps } from "./type-page.tsx";
import classes from "./types.module.css";

/** The fields of a type, in the order of forms and of the change log. */
export function FieldList({ draft, onChange, errorAt }: PartProps) {
  const t = useText();
  const [open, setOpen] = useState("");
  return (
    <div>
      {errorAt("fields") && <Text size="xs" c="var(--mantine-color-error)" role="alert">{errorAt("fields")}</Text>}
      <Sortable items={draft.fields} onChange={(fields) => onChange({ ...draft, fields })}>
        {(one) => {
          const wrong = PARTS_OF_FIELD.some((part) => errorAt(part, { field: one.key })) || one.value.options.some((_, index) => OPTION_PARTS.some((part) => errorAt(`options[${index}].${part}`, { field: one.key })));
          const opened = (open === one.key || wrong) && !one.removed;
          return (
            <SortableItem key={one.key} id={one.key} className={classes.item} label={t("types.move", { name: one.value.label })}>
              <div className={classes.itemBody}>
                <FieldHead
                  one={one}
                  opened={opened}
                  onToggle={() => setOpen(open === one.key ? "" : one.key)}
                  onRemove={() => onChange(withoutField(draft, one.key))}
                  title={draft.base.titleField === one.value.name}
                />
                {opened && <FieldEditor draft={draft} onChange={onChange} errorAt={errorAt} one={one} />}
              </div>
            </SortableItem>
          );
        }}
      </Sortable>
      <Button
        mt="sm"
        variant="default"
        leftSection={<IconPlus size={15} />}
        onClick={() => {
          const added = withNewField(draft);
          onChange(added.draft);
          setOpen(added.key);
        }}
      >
        {t("types.addField")}
      </Button>
    </div>
  );
}

const PARTS_OF_FIELD = ["", "name", "label", "type", "options", "target_type", "required", "default_value", "read_roles", "change_subtype", "sequence_prefix"];
const OPTION_PARTS = ["value", "label", "color", "change_subtype"];

interface FieldHeadProps {
  one: DraftField;
  opened: boolean;
  title: boolean;
  onToggle: () => void;
  onRemove: () => void;
}

function FieldHead({ one, opened, title, onToggle, onRemove }: FieldHeadProps) {
  const t = useText();
  const { value: field, removed } = one;
  const name = field.label || t("types.newField");
  return (
    <div className={classes.itemHead} data-removed={removed}>
      <UnstyledButton className={classes.itemButton} onClick={onToggle} aria-expanded={opened} disabled={removed}>
        {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} className="flip" aria-hidden />}
        <span className={classes.itemName}>{name}</span>
        <span className={classes.itemMeta}>{t(TYPE_LABELS[field.type])}</span>
        {title && <Badge color="teal">{t("types.isTitle")}</Badge>}
        {field.required && <Badge color="gray" className={classes.wide}>{t("types.required")}</Badge>}
        {field.tracked && <Badge color="gray" className={classes.wide}>{t("types.tracked")}</Badge>}
        {removed && <Badge color="red">{t("types.going")}</Badge>}
      </UnstyledButton>
      {removed ? (
        <IconButton label={t("types.keep", { name })} onClick={onRemove}><IconArrowBackUp size={16} /></IconButton>
      ) : (
        <IconButton label={t("types.remove", { name })} disabled={title} onClick={onRemove}><IconTrash size={16} /></IconButton>
      )}
    </div>
  );
}
