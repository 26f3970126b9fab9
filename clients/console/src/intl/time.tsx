import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { Tooltip } from "@mantine/core";
import { useIntl, type IntlShape } from "react-intl";
import { useNow } from "./now.tsx";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time as short as can be: "now", "5 min", "14:03", "Mon", "3 Nov", "03/11/2024". */
export function shortTime(intl: IntlShape, date: Date, now: number): string {
  const age = now - date.getTime();
  const today = new Date(now);
  if (age < MINUTE) return intl.formatMessage({ id: "time.now" });
  if (age < HOUR) return intl.formatNumber(Math.floor(age / MINUTE), { style: "unit", unit: "minute", unitDisplay: "short" });
  if (date.toDateString() === today.toDateString()) return intl.formatTime(date, { hour: "2-digit", minute: "2-digit" });
  if (age < 6 * DAY) return intl.formatDate(date, { weekday: "short" });
  if (date.getFullYear() === today.getFullYear()) return intl.formatDate(date, { day: "numeric", month: "short" });
  return intl.formatDate(date, { day: "2-digit", month: "2-digit", year: "numeric" });
}

/** A moment, to the minute. */
export function exactTime(intl: IntlShape, date: Date): string {
  return intl.formatDate(date, { dateStyle: "full", timeStyle: "short" });
}

/** A short time that tells the exact one when pointed at. */
export function When({ at }: { at: Timestamp | Date | undefined }) {
  const intl = useIntl();
  const now = useNow();
  if (!at) return null;
  const date = at instanceof Date ? at : timestampDate(at);
  return (
    <Tooltip label={exactTime(intl, date)}>
      <time dateTime={date.toISOString()}>{shortTime(intl, date, Math.max(now, date.getTime()))}</time>
    </Tooltip>
  );
}

/** "Today", "Yesterday" or the day. */
export function dayName(intl: IntlShape, date: Date): string {
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / DAY);
  if (days === 0) return intl.formatMessage({ id: "time.today" });
  if (days === 1) return intl.formatMessage({ id: "time.yesterday" });
  const sameYear = date.getFullYear() === new Date().getFullYear();
  return intl.formatDate(date, { weekday: "long", day: "numeric", month: "long", year: sameYear ? undefined : "numeric" });
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
