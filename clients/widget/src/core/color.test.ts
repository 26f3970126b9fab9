import { expect, test } from "vitest";
import { Random, seeds } from "../testing/random.ts";
import { contrast, inkOn, readable } from "./color.ts";

test.each(seeds(60))("whatever colour a channel has, text in it and on it can be read, seed %i", (seed) => {
  const random = new Random(seed);
  const color = `#${random.below(0x1000000).toString(16).padStart(6, "0")}`;
  expect(contrast(color, inkOn(color))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(readable(color, "#eef1f3"), "#eef1f3")).toBeGreaterThanOrEqual(4.5);
  expect(contrast(readable(color, "#252d34"), "#252d34")).toBeGreaterThanOrEqual(4.5);
});

test("a colour that can be read is left as it is", () => {
  expect(readable("#0b6b63", "#ffffff")).toBe("#0b6b63");
  expect(inkOn("#0b6b63")).toBe("#ffffff");
  expect(inkOn("#f2b93a")).toBe("#000000");
});
