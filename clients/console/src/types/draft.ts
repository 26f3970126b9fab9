import { clone, create, equals, type JsonValue } from "@bufbuild/protobuf";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { FieldSchema, FieldType, PermissionSchema, RecordTypeSchema, SubtypeSchema, type Field, type Option, type Permission, type RecordType, type Subtype } from "../api/contract.ts";

/** A thing of a list with a key of its own, so that it can be moved and changed. */
export interface Keyed<T> {
  key: string;
  value: T;
}

/** A field as it is being edited. */
export interface DraftField extends Keyed<Field> {
  /** True for one that the server has: its name and type stay. */
  stored: boolean;
  /** True for one that goes, with its values, when the type is saved. */
  removed: boolean;
}

/** The parts of a type that are texts. */
export type TextPart = "name" | "label" | "pluralLabel" | "icon" | "titleField" | "uniqueField" | "assigneeField" | "customerField" | "urlTemplate" | "parentField" | "parentSubtype";

/** What may be done with the records of a type. */
export type Right = "read" | "create" | "update" | "delete";

/** A record type as it is being edited. */
export interface Draft {
  base: RecordType;
  fields: DraftField[];
  subtypes: Keyed<Subtype>[];
}

function keyed<T>(value: T): Keyed<T> {
  return { key: crypto.randomUUID(), value };
}

/** Begins to edit a type. */
export function beginDraft(type: RecordType): Draft {
  return {
    base: clone(RecordTypeSchema, type),
    fields: type.fields.map((field) => ({ ...keyed(field), stored: true, removed: false })),
    subtypes: type.subtypes.map(keyed),
  };
}

/** A type that does not exist yet: it has the one field that names its records. */
export function newDraft(label: string): Draft {
  const field = create(FieldSchema, { name: "title", label, type: FieldType.TEXT, required: true, tracked: true });
  return { base: create(RecordTypeSchema, { titleField: "title" }), fields: [{ ...keyed(field), stored: false, removed: false }], subtypes: [] };
}

/** The type that a draft says. */
export function toType(draft: Draft): RecordType {
  return { ...draft.base, fields: keptFields(draft).map((one) => one.value), subtypes: draft.subtypes.map((one) => one.value) };
}

/** The fields that stay. */
export function keptFields(draft: Draft): DraftField[] {
  return draft.fields.filter((one) => !one.removed);
}

/** Sets a text of the type. */
export function withText(draft: Draft, part: TextPart, value: string): Draft {
  return { ...draft, base: { ...draft.base, [part]: value } };
}

export function withRight(draft: Draft, right: Right, permission: Permission): Draft {
  return { ...draft, base: { ...draft.base, [right]: permission } };
}

/** What one may do, as it stands: everybody where nothing is said. */
export function rightOf(draft: Draft, right: Right): Permission {
  return draft.base[right] ?? create(PermissionSchema);
}

/** Adds a field at the end; answers its key, too. */
export function withNewField(draft: Draft): { draft: Draft; key: string } {
  const one: DraftField = { ...keyed(create(FieldSchema, { type: FieldType.TEXT })), stored: false, removed: false };
  return { draft: { ...draft, fields: [...draft.fields, one] }, key: one.key };
}

/** Changes a field; one that is new is named after its label until somebody names it. */
export function withField(draft: Draft, key: string, by: Partial<Field>): Draft {
  const fields = draft.fields.map((one) => {
    if (one.key !== key) return one;
    const named = !one.stored && by.label !== undefined && by.name === undefined && one.value.name === slug(one.value.label, takenNames(draft, key));
    const name = named ? slug(by.label ?? "", takenNames(draft, key)) : undefined;
    return { ...one, value: { ...one.value, ...by, ...(name !== undefined && { name }) } };
  });
  return renamed({ ...draft, fields }, draft, key);
}

/** A field that gets another name keeps its part in the type. */
function renamed(next: Draft, before: Draft, key: string): Draft {
  const from = before.fields.find((one) => one.key === key)?.value.name;
  const to = next.fields.find((one) => one.key === key)?.value.name;
  if (!from || to === undefined || from === to) return next;
  const parts: TextPart[] = ["titleField", "uniqueField", "assigneeField", "customerField", "parentField"];
  return parts.reduce((draft, part) => (draft.base[part] === from ? withText(draft, part, to) : draft), next);
}

/** Takes a field out: one that is stored stays in sight until the type is saved. */
export function withoutField(draft: Draft, key: string): Draft {
  const one = draft.fields.find((other) => other.key === key);
  if (!one?.stored) return { ...draft, fields: draft.fields.filter((other) => other.key !== key) };
  return { ...draft, fields: draft.fields.map((other) => (other === one ? { ...one, removed: !one.removed } : other)) };
}

/** Moves one thing of a list to the place of another. */
export function moved<T extends { key: string }>(list: readonly T[], key: string, to: string): T[] {
  const from = list.findIndex((one) => one.key === key);
  const at = list.findIndex((one) => one.key === to);
  const one = list[from];
  return one && at >= 0 ? list.toSpliced(from, 1).toSpliced(at, 0, one) : [...list];
}

export function newSubtype(): Keyed<Subtype> {
  return keyed(create(SubtypeSchema));
}

function takenNames(draft: Draft, but: string): string[] {
  return draft.fields.filter((one) => one.key !== but).map((one) => one.value.name);
}

/** A name such as the contract allows, made from a label; numbered if it is taken. */
export function slug(label: string, taken: readonly string[] = []): string {
  const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/gu, "_").replace(/^[^a-z]+|_+$/gu, "").slice(0, 36).replace(/_+$/u, "");
  if (name === "" || !taken.includes(name)) return name;
  for (let number = 2; ; number++) if (!taken.includes(`${name}_${number}`)) return `${name}_${number}`;
}

/** The names of the parts in the contract that a draft changes. */
export function changedPaths(original: RecordType, draft: Draft): string[] {
  const next = toType(draft);
  return PATHS.filter(([, part]) => {
    const only = (type: RecordType): RecordType => create(RecordTypeSchema, { [part]: type[part] });
    return !equals(RecordTypeSchema, only(original), only(next));
  }).map(([path]) => path);
}

const PATHS = [
  ["label", "label"],
  ["plural_label", "pluralLabel"],
  ["icon", "icon"],
  ["fields", "fields"],
  ["title_field", "titleField"],
  ["unique_field", "uniqueField"],
  ["assignee_field", "assigneeField"],
  ["customer_field", "customerField"],
  ["url_template", "urlTemplate"],
  ["subtypes", "subtypes"],
  ["read", "read"],
  ["create", "create"],
  ["update", "update"],
  ["delete", "delete"],
  ["parent_field", "parentField"],
  ["parent_subtype", "parentSubtype"],
] as const;

/** Where a failure belongs: a field by its key, or a part of the type; and the part of that. */
export interface Place {
  field?: string;
  subtype?: string;
  part: string;
}

/** Reads a path such as record_type.fields[2].options[0].value, as the server names it. */
export function placeOf(draft: Draft, path: string): Place {
  const rest = path.replace(/^record_type\./u, "");
  const [, list, number, part = ""] = /^(fields|subtypes)\[(\d+)\]\.?(.*)$/u.exec(rest) ?? [];
  if (list === "fields") return { field: keptFields(draft)[Number(number)]?.key, part };
  if (list === "subtypes") return { subtype: draft.subtypes[Number(number)]?.key, part };
  return { part: rest };
}

/** A default value as a form takes it. */
export function defaultOf(field: Field): JsonValue | undefined {
  return field.defaultValue && toJson(ValueSchema, field.defaultValue);
}

/** The part of a field that says a default value; none takes it away. */
export function withDefault(value: JsonValue | undefined): Partial<Field> {
  return { defaultValue: value === undefined || value === null ? undefined : fromJson(ValueSchema, value) };
}

/** What of a field does not fit another type goes with it. */
export function ofType(type: FieldType): Partial<Field> {
  const selection = type === FieldType.SELECTION;
  const refers = type === FieldType.REFERENCE || type === FieldType.REFERENCES;
  const first: Option = { $typeName: "parley.record.v1.Option", value: "", label: "", color: "", changeSubtype: "" };
  return { type, options: selection ? [first] : [], targetType: refers ? "user" : "", defaultValue: undefined, sequencePrefix: "" };
}
