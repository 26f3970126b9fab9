import { expect, test } from "vitest";
import { Random, seeds } from "../testing/random.ts";
import { enclose, Splitter } from "./envelope.ts";
import { Fault } from "./fault.ts";

const decode = (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data));

const messages = [{}, { body: "Grüße, 你好 👋" }, { body: "x".repeat(70_000) }, { n: 1 }];

function wire(): Uint8Array {
  const last = enclose({ metadata: {} });
  last[0] = 2;
  return Uint8Array.from([...messages.map((message) => enclose(message)), last].flatMap((part) => [...part]));
}

test.each(seeds(40))("a stream is read the same wherever it is split, seed %i", (seed) => {
  const random = new Random(seed);
  const bytes = wire();
  const splitter = new Splitter();
  const read: unknown[] = [];
  let ended = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(random.chance(50) ? 7 : 40_000);
    for (const { end, data } of splitter.push(bytes.slice(at, at + size))) {
      if (end) ended++;
      else read.push(decode(data));
    }
    at += size;
  }
  expect(read).toEqual(messages);
  expect(ended).toBe(1);
});

test("a stream that comes byte by byte is read", () => {
  const splitter = new Splitter();
  const read = [...enclose({ a: "é" })].flatMap((byte) => splitter.push(Uint8Array.of(byte)));
  expect(read.map(({ data }) => decode(data))).toEqual([{ a: "é" }]);
});

test("what is not a stream of ours is refused and not gathered", () => {
  expect(() => new Splitter().push(Uint8Array.of(1, 0, 0, 0, 1, 65))).toThrow(Fault);
  expect(() => new Splitter().push(new TextEncoder().encode("<!doctype html>"))).toThrow(Fault);
});
