import { expect, test } from "vitest";
import { insertAt, placeOfFault } from "./insert.ts";

// Spec: C6

test("a placeholder is put at the caret, or in place of what is chosen", () => {
  expect(insertAt("Dear ,", 5, 5, "{{ user.name }}")).toEqual({ text: "Dear {{ user.name }},", caret: 20 });
  expect(insertAt("Dear X,", 5, 6, "Y")).toEqual({ text: "Dear Y,", caret: 6 });
});

test("a wrong placeholder is named with its place", () => {
  const fault = { code: 3, reason: "PLACEHOLDER_UNKNOWN", message: 'there is no placeholder "record.colour", in line 3 at character 7', metadata: {}, field: "body", fields: [], requestId: "", retryAfterMs: undefined, passing: false };
  expect(placeOfFault(fault)).toEqual({ where: "body", message: 'There is no placeholder "record.colour", in line 3 at character 7' });
  expect(placeOfFault({ ...fault, field: "" }).where).toBe("elsewhere");
});
