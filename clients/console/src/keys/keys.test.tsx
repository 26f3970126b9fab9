import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Keys, useKeys, type KeyMap } from "./keys.tsx";

function Page({ map }: { map: KeyMap }) {
  useKeys(map);
  return <textarea aria-label="composer" />;
}

function setup(map: KeyMap, enabled = true) {
  render(<Keys enabled={enabled}><Page map={map} /></Keys>);
}

test("a key does what the page says", () => {
  const done = vi.fn<() => void>();
  setup({ e: done });
  fireEvent.keyDown(document.body, { key: "e" });
  expect(done).toHaveBeenCalledOnce();
});

test("two keys in a row are one shortcut, and the second alone is another", () => {
  const go = vi.fn<() => void>();
  const reply = vi.fn<() => void>();
  setup({ "g r": go, r: reply });
  fireEvent.keyDown(document.body, { key: "g" });
  fireEvent.keyDown(document.body, { key: "r" });
  expect(go).toHaveBeenCalledOnce();
  expect(reply).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: "r" });
  expect(reply).toHaveBeenCalledOnce();
});

// Accidental shortcuts lost text and closed conversations elsewhere.
test("nothing happens while one types", () => {
  const done = vi.fn<() => void>();
  setup({ e: done });
  fireEvent.keyDown(screen.getByLabelText("composer"), { key: "e" });
  expect(done).not.toHaveBeenCalled();
});

test("keys with Ctrl or Cmd belong to the browser", () => {
  const done = vi.fn<() => void>();
  setup({ e: done });
  fireEvent.keyDown(document.body, { key: "e", ctrlKey: true });
  fireEvent.keyDown(document.body, { key: "e", metaKey: true });
  expect(done).not.toHaveBeenCalled();
});

test("shortcuts can be switched off as a whole", () => {
  const done = vi.fn<() => void>();
  setup({ e: done }, false);
  fireEvent.keyDown(document.body, { key: "e" });
  expect(done).not.toHaveBeenCalled();
});
