import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ActivitySchema, ActivityState } from "../api/contract.ts";
import { grouped, mostUrgent, titleOf } from "./group.ts";

// Spec: C9

function activity(id: string, state: ActivityState, dueDate: string) {
  return create(ActivitySchema, { id, state, dueDate, typeName: "Call" });
}

const ALL = [
  activity("c", ActivityState.PLANNED, "2026-12-01"),
  activity("b", ActivityState.OVERDUE, "2026-11-20"),
  activity("a", ActivityState.OVERDUE, "2026-11-18"),
  activity("d", ActivityState.DONE, "2026-11-01"),
];

test("activities stand below overdue, today and planned, each the one due first at the top", () => {
  expect(grouped(ALL).map((line) => (line.kind === "head" ? `${line.urgency} ${line.count}` : line.activity.id))).toEqual(["overdue 2", "a", "b", "planned 1", "c"]);
});

test("the most urgent state is what a record is shown with", () => {
  expect(mostUrgent(ALL)).toBe("overdue");
  expect(mostUrgent(ALL.slice(0, 1))).toBe("planned");
  expect(mostUrgent([])).toBeUndefined();
});

test("an activity without a summary is called by its type", () => {
  expect(titleOf({ summary: "", typeName: "Call" })).toBe("Call");
  expect(titleOf({ summary: "Ring Imogen", typeName: "Call" })).toBe("Ring Imogen");
});
