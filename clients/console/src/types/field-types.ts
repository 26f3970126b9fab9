import { FieldType, Role } from "../api/contract.ts";
import type { TextId } from "../intl/intl.tsx";

/** The words for the types of fields. */
export const TYPE_LABELS: Record<FieldType, TextId> = {
  [FieldType.UNSPECIFIED]: "fieldType.text",
  [FieldType.TEXT]: "fieldType.text",
  [FieldType.LONG_TEXT]: "fieldType.longText",
  [FieldType.INTEGER]: "fieldType.integer",
  [FieldType.DECIMAL]: "fieldType.decimal",
  [FieldType.MONEY]: "fieldType.money",
  [FieldType.BOOLEAN]: "fieldType.boolean",
  [FieldType.DATE]: "fieldType.date",
  [FieldType.DATETIME]: "fieldType.datetime",
  [FieldType.SELECTION]: "fieldType.selection",
  [FieldType.REFERENCE]: "fieldType.reference",
  [FieldType.REFERENCES]: "fieldType.references",
  [FieldType.EMAIL]: "fieldType.email",
  [FieldType.PHONE]: "fieldType.phone",
  [FieldType.URL]: "fieldType.url",
  [FieldType.FILE]: "fieldType.file",
};

/** The types to choose from, the usual ones first. */
export const FIELD_TYPES: FieldType[] = [
  FieldType.TEXT, FieldType.LONG_TEXT, FieldType.SELECTION, FieldType.DATE, FieldType.DATETIME, FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY,
  FieldType.BOOLEAN, FieldType.REFERENCE, FieldType.REFERENCES, FieldType.EMAIL, FieldType.PHONE, FieldType.URL, FieldType.FILE,
];

/** The words for roles. */
export const ROLE_LABELS: { role: Role; label: TextId }[] = [
  { role: Role.MEMBER, label: "role.member" },
  { role: Role.AGENT, label: "role.agent" },
  { role: Role.ADMINISTRATOR, label: "role.administrator" },
];
