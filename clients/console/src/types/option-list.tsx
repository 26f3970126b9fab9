import { Button, ColorSwatch, Input, Menu, TextInput, UnstyledButton } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Field, Option } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { badgeColor, COLORS } from "../records/values.tsx";
import { IconButton } from "../ui/header.tsx";
import { slug } from "./draft.ts";
import { Sortable, SortableItem } from "./sortable.tsx";
import { SubtypeSelect } from "./subtype-select.tsx";
import classes from "./types.module.css";

interface OptionListProps {
  field: Field;
  subtypes: { value: string; label: string }[];
  error: (part: string) => string | undefined;
  onChange: (options: Option[]) => void;
}

/** The choices of a selection, in order. */
export function OptionList({ field, subtypes, error, onChange }: OptionListProps) {
  const t = useText();
  const keys = useKeysOf(field.options.length);
  const items = field.options.map((option, index) => ({ key: keys.of(index), option, index }));
  const set = (index: number, by: Partial<Option>): void => onChange(field.options.map((one, at) => (at === index ? { ...one, ...by } : one)));
  const taken = (index: number): string[] => field.options.filter((_, at) => at !== index).map((one) => one.value);

  function relabel(index: number, option: Option, label: string): void {
    const follows = option.value === slug(option.label, taken(index));
    set(index, { label, ...(follows && { value: slug(label, taken(index)) }) });
  }

  return (
    <Input.Wrapper label={t("types.options")} labelElement="div" error={error("options")}>
      <Sortable
        items={items}
        onChange={(next) => {
          keys.set(next.map((one) => one.key));
          onChange(next.map((one) => one.option));
        }}
      >
        {({ key, option, index }) => (
          <SortableItem key={key} id={key} className={classes.option} label={t("types.move", { name: option.label })}>
            <ColorButton color={option.color} label={t("types.colorOf", { name: option.label })} onChange={(color) => set(index, { color })} />
            <TextInput size="xs" aria-label={t("types.label")} placeholder={t("types.label")} maxLength={80} error={error(`options[${index}].label`)} value={option.label} onChange={(event) => relabel(index, option, event.currentTarget.value)} />
            <TextInput size="xs" aria-label={t("types.optionValue")} placeholder={t("types.optionValue")} maxLength={60} error={error(`options[${index}].value`)} value={option.value} onChange={(event) => set(index, { value: event.currentTarget.value })} />
            {field.tracked ? <SubtypeSelect size="xs" label={t("types.optionSubtype")} subtypes={subtypes} value={option.changeSubtype} error={error(`options[${index}].change_subtype`)} onChange={(changeSubtype) => set(index, { changeSubtype })} /> : <span />}
            <IconButton
              label={t("types.remove", { name: option.label })}
              onClick={() => {
                keys.drop(index);
                onChange(field.options.toSpliced(index, 1));
              }}
            >
              <IconTrash size={15} />
            </IconButton>
          </SortableItem>
        )}
      </Sortable>
      <Button variant="subtle" mt={4} leftSection={<IconPlus size={15} />} onClick={() => onChange([...field.options, { $typeName: "parley.record.v1.Option", value: "", label: "", color: "gray", changeSubtype: "" }])}>
        {t("types.addOption")}
      </Button>
    </Input.Wrapper>
  );
}

/** Keys for things that have none, which go with them when they are moved. */
function useKeysOf(count: number) {
  const [keys, setKeys] = useState<readonly string[]>([]);
  if (keys.length < count) setKeys([...keys, ...Array.from({ length: count - keys.length }, () => crypto.randomUUID())]);
  return {
    of: (index: number) => keys[index] ?? `new-${index}`,
    set: setKeys,
    drop: (index: number) => setKeys(keys.toSpliced(index, 1)),
  };
}

function ColorButton({ color, label, onChange }: { color: string; label: string; onChange: (color: string) => void }) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton aria-label={label} className={classes.color}><ColorSwatch size={18} color={`var(--mantine-color-${badgeColor(color)}-5)`} /></UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.colors}>
          {COLORS.map((one) => (
            <Menu.Item key={one} aria-label={one} className={classes.colorItem} onClick={() => onChange(one)}>
              <ColorSwatch size={20} color={`var(--mantine-color-${one}-5)`} />
            </Menu.Item>
          ))}
        </div>
      </Menu.Dropdown>
    </Menu>
  );
}
