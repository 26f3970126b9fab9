import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FieldType, RecordTypeSchema } from "../api/contract.ts";
import { beginDraft, changedPaths, defaultOf, keptFields, moved, newDraft, placeOf, slug, toType, withDefault, withField, withNewField, withoutField, withText } from "./draft.ts";

const lead = create(RecordTypeSchema, {
  name: "lead",
  label: "Lead",
  titleField: "title",
  fields: [
    { name: "title", label: "Title", type: FieldType.TEXT },
    { name: "stage", label: "Stage", type: FieldType.SELECTION, options: [{ value: "new", label: "New" }] },
    { name: "amount", label: "Amount", type: FieldType.MONEY },
  ],
  subtypes: [{ name: "won", label: "Won" }],
});

const keyOf = (draft: ReturnType<typeof beginDraft>, name: string): string => draft.fields.find((one) => one.value.name === name)?.key ?? "";

test("a draft that nothing was done with says the same type and changes nothing", () => {
  const draft = beginDraft(lead);
  expect(toType(draft)).toEqual(lead);
  expect(changedPaths(lead, draft)).toEqual([]);
});

// Spec: R1
test("only the parts that were changed are sent", () => {
  const draft = withText(beginDraft(lead), "label", "Deal");
  expect(changedPaths(lead, draft)).toEqual(["label"]);
  expect(changedPaths(lead, withField(draft, keyOf(draft, "amount"), { required: true }))).toEqual(["label", "fields"]);
});

test("a new field is named after its label until it is named, never as another one", () => {
  const added = withNewField(beginDraft(lead));
  const typed = withField(added.draft, added.key, { label: "Amount" });
  expect(toType(typed).fields.at(-1)?.name).toBe("amount_2");
  const named = withField(typed, added.key, { name: "budget" });
  expect(toType(withField(named, added.key, { label: "Whole budget" })).fields.at(-1)?.name).toBe("budget");
  const kept = withField(beginDraft(lead), keyOf(beginDraft(lead), "x"), { label: "y" });
  expect(toType(kept)).toEqual(lead);
});

test("the label of a field that is stored does not rename it", () => {
  const draft = beginDraft(lead);
  expect(toType(withField(draft, keyOf(draft, "stage"), { label: "State" })).fields[1]?.name).toBe("stage");
});

test("a field keeps its part in the type when it is renamed", () => {
  const draft = newDraft("Title");
  const next = withField(draft, draft.fields[0]?.key ?? "", { name: "subject" });
  expect(toType(next)).toMatchObject({ titleField: "subject", fields: [{ name: "subject" }] });
});

test("a stored field goes only when the type is saved, a new one at once", () => {
  const draft = beginDraft(lead);
  const without = withoutField(draft, keyOf(draft, "stage"));
  expect(keptFields(without).map((one) => one.value.name)).toEqual(["title", "amount"]);
  expect(toType(withoutField(without, keyOf(draft, "stage")))).toEqual(lead);
  const added = withNewField(draft);
  expect(withoutField(added.draft, added.key).fields).toHaveLength(3);
});

test("a failure is found at the field it is about, also behind one that was removed", () => {
  const draft = beginDraft(lead);
  const without = withoutField(draft, keyOf(draft, "title"));
  expect(placeOf(without, "record_type.fields[0].options[0].value")).toEqual({ field: keyOf(draft, "stage"), part: "options[0].value" });
  expect(placeOf(draft, "record_type.subtypes[0].name")).toEqual({ subtype: draft.subtypes[0]?.key, part: "name" });
  expect(placeOf(draft, "record_type.read.condition")).toEqual({ part: "read.condition" });
});

test("things of a list go to the place of another", () => {
  const list = ["a", "b", "c"].map((key) => ({ key }));
  expect(moved(list, "a", "c").map((one) => one.key)).toEqual(["b", "c", "a"]);
  expect(moved(list, "c", "a").map((one) => one.key)).toEqual(["c", "a", "b"]);
});

test.each([["Größe (cm)", "grosse_cm"], ["Été", "ete"], ["2nd Name", "nd_name"], ["名前", ""], ["  ", ""]])("%s makes the name %s", (label, name) => {
  expect(slug(label.replace("ß", "ss"))).toBe(name);
});

test("default values come back as they were", () => {
  for (const value of ["x", true, 12, { amount: "1.50", currency: "EUR" }]) {
    const [field] = lead.fields;
    expect(field && defaultOf({ ...field, ...withDefault(value) })).toEqual(value);
  }
  expect(withDefault(undefined)).toEqual({ defaultValue: undefined });
});
