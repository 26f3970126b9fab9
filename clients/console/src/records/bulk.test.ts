import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RecordResultSchema } from "../api/contract.ts";
import { record } from "../fixture/make.ts";
import { undoing } from "./bulk.ts";

test("undoing gives each record its own former value back, and leaves alone what was not changed", () => {
  const records = [
    record({ id: "a", fields: { stage: "new" } }),
    record({ id: "b", fields: { stage: "lost" } }),
    record({ id: "c", fields: { stage: "new" } }),
    record({ id: "d", fields: {} }),
    record({ id: "e", fields: { stage: "new" } }),
    record({ id: "f", fields: { stage: "won" } }),
  ];
  const results = records.map((one) =>
    create(RecordResultSchema, one.id === "e" ? { recordId: "e", failure: { reason: "RECORD_DENIED" } } : { recordId: one.id, record: { ...one, fields: { stage: "won" } } }),
  );
  expect(undoing(records, results, "stage")).toEqual([
    { value: "new", recordIds: ["a", "c"] },
    { value: "lost", recordIds: ["b"] },
    { value: undefined, recordIds: ["d"] },
  ]);
});
