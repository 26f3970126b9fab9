import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Notifier } from "./notifier.ts";

// Spec: C13

/** Tabs of one browser that hear one another at once. */
function tabs(...focus: boolean[]) {
  const heard = new Set<{ tab: number; listener: (event: MessageEvent) => void }>();
  return focus.map((focused, tab) => {
    const channel = {
      addEventListener: (_type: string, listener: (event: MessageEvent) => void) => void heard.add({ tab, listener }),
      postMessage: (data: unknown) => heard.forEach((one) => one.tab !== tab && one.listener(new MessageEvent("message", { data }))),
      close: () => undefined,
    };
    return new Notifier("test", { channel: () => channel as unknown as BroadcastChannel, focused: () => focused });
  });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("an event rings once when no window has the focus", () => {
  const [leader] = tabs(false, false);
  const ring = vi.fn<() => void>();
  leader?.event("item", true, ring);
  leader?.event("item", true, ring);
  vi.advanceTimersByTime(1_000);
  expect(ring).toHaveBeenCalledTimes(1);
});

test("a tab that does not lead never rings, nor later for what it has heard of", () => {
  const [tab] = tabs(false);
  const ring = vi.fn<() => void>();
  tab?.event("item", false, ring);
  tab?.event("item", true, ring);
  vi.advanceTimersByTime(1_000);
  expect(ring).not.toHaveBeenCalled();
});

test("nothing rings while a window has the focus, this one or another", () => {
  const ring = vi.fn<() => void>();
  tabs(true, false)[0]?.event("item", true, ring);
  tabs(false, true)[0]?.event("item", true, ring);
  vi.advanceTimersByTime(1_000);
  expect(ring).not.toHaveBeenCalled();
});
