import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { InboxItemSchema, NotificationSettingsSchema, NotifyBy } from "../api/contract.ts";
import { isDue, isQuiet, Rung } from "./notify.ts";

// Spec: C13

const NIGHT = { quietFrom: "22:00", quietTo: "07:00" };

test.each([
  ["Europe/Stockholm", "2026-01-15T20:59:00Z", false],
  ["Europe/Stockholm", "2026-01-15T21:00:00Z", true],
  ["Europe/Stockholm", "2026-01-16T05:59:00Z", true],
  ["Europe/Stockholm", "2026-01-16T06:00:00Z", false],
  ["Europe/Stockholm", "2026-07-15T20:00:00Z", true],
  ["Europe/Stockholm", "2026-10-25T05:59:00Z", true],
  ["Europe/Stockholm", "2026-10-25T06:00:00Z", false],
  ["Europe/Stockholm", "2026-10-24T20:00:00Z", true],
  ["America/New_York", "2026-11-01T11:59:00Z", true],
  ["America/New_York", "2026-11-01T12:00:00Z", false],
  ["Europe/Kyiv", "2026-03-29T03:59:00Z", true],
  ["Europe/Kyiv", "2026-03-29T04:00:00Z", false],
])("quiet hours from 22 to 7 in %s at %s: %s", (zone, at, quiet) => {
  expect(isQuiet(NIGHT, zone, Date.parse(at))).toBe(quiet);
});

test("quiet hours within one day, and none", () => {
  const noon = Date.parse("2026-01-15T12:00:00Z");
  expect(isQuiet({ quietFrom: "11:00", quietTo: "13:00" }, "UTC", noon)).toBe(true);
  expect(isQuiet({ quietFrom: "13:00", quietTo: "14:00" }, "UTC", noon)).toBe(false);
  expect(isQuiet({ quietFrom: "", quietTo: "" }, "UTC", noon)).toBe(false);
});

test("an item rings if it is new and unread, and the user wants it here", () => {
  const now = Date.parse("2026-01-15T12:00:00Z");
  const settings = create(NotificationSettingsSchema, { browser: true, notifyBy: NotifyBy.INBOX });
  const item = create(InboxItemSchema, { createTime: timestampFromMs(now - 1_000) });
  expect(isDue(item, settings, "UTC", now)).toBe(true);
  expect(isDue({ ...item, read: true }, settings, "UTC", now)).toBe(false);
  expect(isDue(item, { ...settings, browser: false }, "UTC", now)).toBe(false);
  expect(isDue(item, { ...settings, notifyBy: NotifyBy.MAIL }, "UTC", now)).toBe(false);
  expect(isDue({ ...item, createTime: timestampFromMs(now - 600_000) }, settings, "UTC", now)).toBe(false);
});

test("an event rings once", () => {
  const rung = new Rung();
  expect(rung.first("a")).toBe(true);
  expect(rung.first("a")).toBe(false);
  for (let at = 0; at < 600; at++) rung.first(`other-${at}`);
  expect(rung.first("a")).toBe(true);
});
