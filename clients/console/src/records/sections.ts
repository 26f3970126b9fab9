import { FieldType, type Field, type RecordType } from "../api/contract.ts";

/** A part of a form. */
export interface Section {
  id: "details" | "people" | "texts" | "files";
  fields: Field[];
}

/** The field that says how far a record has come: the first tracked selection. */
export function stateField(type: RecordType): Field | undefined {
  return type.fields.find((field) => field.type === FieldType.SELECTION && field.tracked);
}

/**
 * The parts of a form below its head, made from a type's definition: who and what
 * it is about, its details, its long texts, its files. Title and state stand in
 * the head. Parts and fields keep the definition's order; texts and files come last.
 */
export function sectionsOf(type: RecordType): Section[] {
  const state = stateField(type);
  const sections = new Map<Section["id"], Field[]>();
  for (const field of type.fields) {
    if (field.name === type.titleField || field === state) continue;
    const id = partOf(field);
    sections.set(id, [...(sections.get(id) ?? []), field]);
  }
  const found = [...sections].map(([id, fields]) => ({ id, fields }));
  const last = (section: Section): number => (section.id === "texts" ? 1 : section.id === "files" ? 2 : 0);
  return found.sort((a, b) => last(a) - last(b));
}

function partOf(field: Field): Section["id"] {
  switch (field.type) {
    case FieldType.REFERENCE:
    case FieldType.REFERENCES:
      return "people";
    case FieldType.LONG_TEXT:
      return "texts";
    case FieldType.FILE:
      return "files";
    default:
      return "details";
  }
}
