import { expect, test } from "vitest";
import { move } from "./move.ts";

test("an item moves up and down, and never out of the list", () => {
  expect(move(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  expect(move(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(move(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  expect(move(["a", "b", "c"], 2, 3)).toEqual(["a", "b", "c"]);
});
