import { NotifyBy, type InboxItem, type NotificationSettings } from "../api/contract.ts";
import { wallTime } from "../thread/zone.ts";

function minutes(clock: string): number {
  const [hour = 0, minute = 0] = clock.split(":").map(Number);
  return hour * 60 + minute;
}

/** True within quiet hours, which may go over midnight; they are of the clocks on the wall, whatever the season. */
export function isQuiet(settings: Pick<NotificationSettings, "quietFrom" | "quietTo">, zone: string, now: number): boolean {
  const { quietFrom, quietTo } = settings;
  if (quietFrom === "" || quietTo === "" || quietFrom === quietTo) return false;
  const { hour, minute } = wallTime(now, zone);
  const at = hour * 60 + minute;
  const from = minutes(quietFrom);
  const to = minutes(quietTo);
  return from < to ? at >= from && at < to : at >= from || at < to;
}

/** How old an item may be to ring, in milliseconds: what comes after a long sleep is in the inbox. */
const FRESH_MS = 120_000;

/** True if a browser notification is due for an item, as far as the user's wishes go. */
export function isDue(item: InboxItem, settings: NotificationSettings, zone: string, now: number): boolean {
  if (!settings.browser || settings.notifyBy === NotifyBy.MAIL || item.read) return false;
  const came = item.createTime ? Number(item.createTime.seconds) * 1_000 : now;
  return now - came < FRESH_MS && !isQuiet(settings, zone, now);
}

/** Remembers what has rung, so that an event rings once; forgets the oldest beyond 500. */
export class Rung {
  readonly #ids = new Set<string>();

  /** True the first time it is asked for an id. */
  first(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > 500 && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
