import { useLocalStorage } from "@mantine/hooks";
import { FieldType, type Field, type RecordType } from "../api/contract.ts";

const AT_FIRST = 6;

/** The columns of a type's table: those the user chose, or the first that say most. */
export interface Columns {
  shown: Field[];
  all: Field[];
  toggle: (name: string) => void;
}

export function useColumns(type: RecordType): Columns {
  const [chosen, setChosen] = useLocalStorage<string[]>({
    key: `parley.columns.${type.name}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const all = type.fields.filter((field) => field.name !== type.titleField && field.type !== FieldType.LONG_TEXT && field.type !== FieldType.FILE);
  const names = chosen.length > 0 ? chosen : all.slice(0, AT_FIRST).map((field) => field.name);
  const shown = all.filter((field) => names.includes(field.name));
  const toggle = (name: string): void => {
    const next = names.includes(name) ? names.filter((one) => one !== name) : [...names, name];
    if (next.length > 0) setChosen(next);
  };
  return { shown, all, toggle };
}
