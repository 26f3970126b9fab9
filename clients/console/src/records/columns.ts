import { useLocalStorage } from "@mantine/hooks";
import { FieldType, type Field, type RecordType } from "../api/contract.ts";

const AT_FIRST = 6;

/** The columns of a type's table, in the order that the user gave them, or the first that say most. */
export interface Columns {
  shown: Field[];
  /** All that could be shown: first the ones that are, in their order. */
  all: Field[];
  set: (names: string[]) => void;
  /** Goes back to the first ones; undefined while they are shown. */
  reset: (() => void) | undefined;
}

/** What of a type can be a column. */
export function columnFields(type: RecordType): Field[] {
  return type.fields.filter((field) => field.name !== type.titleField && field.type !== FieldType.LONG_TEXT && field.type !== FieldType.FILE);
}

/** The columns that were chosen, without what the type has no more. */
export function chosenColumns(type: RecordType, chosen: readonly string[]): Field[] {
  const all = columnFields(type);
  const shown = chosen.flatMap((name) => all.find((field) => field.name === name) ?? []);
  return shown.length > 0 ? shown : all.filter((field) => field.type !== FieldType.URL).slice(0, AT_FIRST);
}

export function useColumns(type: RecordType): Columns {
  const [chosen, setChosen] = useLocalStorage<string[]>({
    key: `parley.columns.${type.name}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const shown = chosenColumns(type, chosen);
  const all = [...shown, ...columnFields(type).filter((field) => !shown.includes(field))];
  const set = (names: string[]): void => {
    if (names.length > 0) setChosen(names);
  };
  return { shown, all, set, reset: chosen.length > 0 ? () => setChosen([]) : undefined };
}
