import { TextInput } from "@mantine/core";
import { useDebouncedCallback, useWindowEvent } from "@mantine/hooks";
import { useRouter } from "@tanstack/react-router";
import { IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import classes from "./records.module.css";

/** How long after the last key the words count. */
const SETTLE_MS = 250;

/** Finds by words in the title; "/" leads here. */
export function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState({ text: value, from: value });
  const input = useRef<HTMLInputElement>(null);
  const settle = useSettled(onChange);
  // Another address brings other words.
  if (typed.from !== value) setTyped({ text: value, from: value });
  useKeys({ "/": () => input.current?.focus() });
  return (
    <TextInput
      ref={input}
      size="xs"
      className={classes.search}
      leftSection={<IconSearch size={15} />}
      placeholder={t("records.search")}
      aria-label={t("records.search")}
      value={typed.text}
      onChange={(event) => {
        setTyped({ text: event.currentTarget.value, from: value });
        settle(event.currentTarget.value.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

/**
 * Hands words on when the typing has settled, and takes no click away: nothing
 * moves while a button of the mouse is down, and who has gone to another page
 * is not called back.
 */
function useSettled(onChange: (value: string) => void): (value: string) => void {
  const { history } = useRouter();
  const page = useRef("");
  const pressed = useRef(false);
  useWindowEvent("pointerdown", () => (pressed.current = true));
  useWindowEvent("pointerup", () => (pressed.current = false));
  useWindowEvent("pointercancel", () => (pressed.current = false));
  const settle = useDebouncedCallback((value: string) => {
    if (pressed.current) settle(value);
    else if (history.location.pathname === page.current) onChange(value);
  }, SETTLE_MS);
  return (value) => {
    page.current = history.location.pathname;
    settle(value);
  };
}
