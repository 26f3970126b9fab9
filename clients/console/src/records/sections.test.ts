import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FieldType, RecordTypeSchema } from "../api/contract.ts";
import { sectionsOf, stateField } from "./sections.ts";

test("a form has title and state in its head, and every other field once, in the definition's order", () => {
  const type = create(RecordTypeSchema, {
    titleField: "title",
    fields: [
      { name: "title", type: FieldType.TEXT },
      { name: "text", type: FieldType.LONG_TEXT },
      { name: "kind", type: FieldType.SELECTION },
      { name: "stage", type: FieldType.SELECTION, tracked: true },
      { name: "customer", type: FieldType.REFERENCE },
      { name: "contract", type: FieldType.FILE },
      { name: "priority", type: FieldType.SELECTION, tracked: true },
      { name: "watchers", type: FieldType.REFERENCES },
    ],
  });
  expect(stateField(type)?.name).toBe("stage");
  expect(sectionsOf(type).map((section) => [section.id, section.fields.map((field) => field.name)])).toEqual([
    ["details", ["kind", "priority"]],
    ["people", ["customer", "watchers"]],
    ["texts", ["text"]],
    ["files", ["contract"]],
  ]);
});
