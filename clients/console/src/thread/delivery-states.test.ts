import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { DeliverySchema, DeliveryState, FileSchema } from "../api/contract.ts";
import { message } from "../fixture/make.ts";
import { heldUntil, isLost, summarised } from "./delivery-states.ts";
import { sizeOf } from "./files.tsx";
import { mailDocument } from "./mail-document.ts";
import { unquoted } from "./mail-origin.tsx";

const delivery = (state: DeliveryState, sendTime?: number) => create(DeliverySchema, { id: crypto.randomUUID(), state, ...(sendTime && { sendTime: timestampFromMs(sendTime) }) });

// Spec: C5a
test("deliveries are counted by state, what failed first", () => {
  const { SENT, FAILED, READY } = DeliveryState;
  expect(summarised([delivery(FAILED), delivery(SENT), delivery(SENT), delivery(READY)], 4)).toEqual([{ state: FAILED, count: 1 }, { state: READY, count: 1 }, { state: SENT, count: 2 }]);
  expect(summarised([delivery(FAILED), delivery(SENT)], 12)).toEqual([{ state: FAILED, count: 1 }, { state: SENT, count: 11 }]);
  expect(isLost(DeliveryState.BOUNCED)).toBe(true);
  expect(isLost(SENT)).toBe(false);
});

// Spec: C7
test("sending can be undone while mails are held, and only then", () => {
  const at = 1_000_000;
  const posted = (send: number) => message({ createTime: timestampFromMs(at), deliveries: [delivery(DeliveryState.READY, send)] });
  expect(heldUntil(posted(at + 10_000), 10, at + 4_000)).toBe(at + 10_000);
  expect(heldUntil(posted(at + 10_000), 10, at + 10_500)).toBeUndefined();
  expect(heldUntil(posted(at + 10_000), 0, at)).toBeUndefined();
  // A mail that waits for the end of quiet hours is not held for undoing.
  expect(heldUntil(posted(at + 3_600_000), 10, at)).toBeUndefined();
  expect(heldUntil(message({ createTime: timestampFromMs(at), deliveries: [delivery(DeliveryState.SENT, at + 5_000)] }), 10, at)).toBeUndefined();
});

// Spec: C10
test("a picture has its room before it comes", () => {
  expect(sizeOf(create(FileSchema, { previewWidth: 1024, previewHeight: 512 }))).toEqual({ width: 260, height: 130 });
  expect(sizeOf(create(FileSchema, { previewWidth: 90, previewHeight: 80 }))).toEqual({ width: 90, height: 80 });
  expect(sizeOf(create(FileSchema, {}))).toEqual({ width: 200, height: 140 });
});

// Spec: C14
test("an original mail may load and run nothing", () => {
  expect(mailDocument("<b>x</b>")).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
});

test("quoted text loses its marks where every line has one", () => {
  expect(unquoted("> a\n> > b\n>\n")).toBe("a\n> b\n\n");
  expect(unquoted("On Monday:\n> a")).toBe("On Monday:\n> a");
});
