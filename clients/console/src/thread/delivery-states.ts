import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DeliveryState, type Delivery, type Message } from "../api/contract.ts";

/** What went wrong first, then what is on its way, then what has come. */
const ORDER = [DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.READY, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.CANCELLED];

/** How many deliveries are in which state. Those that are not listed have not failed: they count as the last one listed. */
export function summarised(deliveries: readonly Delivery[], total: number): { state: DeliveryState; count: number }[] {
  const counts = new Map<DeliveryState, number>();
  for (const { state } of deliveries) counts.set(state, (counts.get(state) ?? 0) + 1);
  const last = deliveries.at(-1);
  if (last && total > deliveries.length) counts.set(last.state, (counts.get(last.state) ?? 0) + total - deliveries.length);
  return ORDER.flatMap((state) => (counts.has(state) ? [{ state, count: counts.get(state) ?? 0 }] : []));
}

/** True for what did not arrive and can be sent again. */
export function isLost(state: DeliveryState): boolean {
  return state === DeliveryState.FAILED || state === DeliveryState.BOUNCED || state === DeliveryState.CANCELLED;
}

/**
 * When the held deliveries of a message go, in milliseconds; undefined if none is
 * held for the sake of undoing. What waits for longer, such as for the end of quiet
 * hours, is not meant.
 */
export function heldUntil(message: Message, holdSeconds: number, now: number): number | undefined {
  if (holdSeconds <= 0 || !message.createTime || message.deleteTime) return undefined;
  const latest = timestampMs(message.createTime) + (holdSeconds + 2) * 1000;
  const times = message.deliveries.flatMap((one) => (one.state === DeliveryState.READY && one.sendTime ? [timestampMs(one.sendTime)] : [])).filter((at) => at > now && at <= latest);
  return times.length > 0 ? Math.max(...times) : undefined;
}
