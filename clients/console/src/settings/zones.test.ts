import { expect, test } from "vitest";
import { zonesFrom } from "./zones.ts";

test("zones have their names of today, each once, and the chosen one is among them", () => {
  expect(zonesFrom(["Europe/Kiev", "Asia/Calcutta", "Europe/Kyiv"], "")).toEqual(["Asia/Kolkata", "Europe/Kyiv"]);
  expect(zonesFrom(["Europe/Oslo"], "Etc/UTC")).toEqual(["Etc/UTC", "Europe/Oslo"]);
});
