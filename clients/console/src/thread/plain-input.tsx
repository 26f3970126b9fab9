import { Textarea } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { usePreferences } from "../preferences.ts";
import { emojiQuery, mentionQuery } from "./drafts.ts";
import { SeekerList, useSeeker, type Found } from "./seeker.tsx";
import type { ComposerState } from "./use-composer.ts";
import classes from "./composer.module.css";

export interface InputProps {
  composer: ComposerState;
  label: string;
  placeholder: string;
  /** Who can be mentioned. */
  mentions: "none" | "users" | "all";
  /** Emoji by ":name". */
  emoji: boolean;
  compact: boolean;
  /** Told when one begins to write. */
  onBegin?: () => void;
  /** Given what one writes into, and undefined when it is gone. */
  onElement?: (element: HTMLTextAreaElement | null) => void;
}

interface Place {
  kind: "mention" | "emoji";
  query: string;
  start: number;
}

/** Text as it stands. */
export function PlainInput({ composer, label, placeholder, mentions, emoji, compact, onBegin, onElement }: InputProps) {
  const [{ sendWith }] = usePreferences();
  const input = useRef<HTMLTextAreaElement>(null);
  const [sought, setSought] = useState<Place>();
  const seeker = useSeeker(sought, { usersOnly: mentions === "users", onPick: pick, onClose: () => setSought(undefined) });
  const current = useRef(composer);
  useEffect(() => {
    current.current = composer;
  });
  const { attach } = composer;
  useEffect(() => {
    const detach = attach({
      focus: () => {
        const element = input.current;
        element?.focus();
        element?.setSelectionRange(element.value.length, element.value.length);
      },
      insert: (text) => insert(text),
    });
    onElement?.(input.current);
    return () => {
      detach();
      onElement?.(null);
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- insert reads what is current by itself
  }, [attach, onElement]);

  function insert(text: string, from = input.current?.selectionStart ?? 0, to = input.current?.selectionEnd ?? from): void {
    const element = input.current;
    if (!element) return;
    const { body, change } = current.current;
    const lead = text === "@" && from > 0 && !/\s$/u.test(body.slice(0, from)) ? " " : "";
    change(body.slice(0, from) + lead + text + body.slice(to));
    const caret = from + lead.length + text.length;
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(caret, caret);
      track(element);
    });
  }

  function pick(found: Found, { start, query }: Place): void {
    const text = found.kind === "mention" ? `@${found.party.name} ` : `${found.emoji} `;
    insert(text, start, start + 1 + query.length);
    if (found.kind === "mention") composer.mention(found.party.id, found.party.name);
    setSought(undefined);
  }

  function track(element: HTMLTextAreaElement): void {
    const mention = mentions === "none" ? undefined : mentionQuery(element.value, element.selectionStart);
    const sign = emoji ? emojiQuery(element.value, element.selectionStart) : undefined;
    setSought(mention ? { kind: "mention", ...mention } : sign && { kind: "emoji", ...sign });
  }

  function key(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (seeker.key(event)) return;
    if (event.key === "Escape") event.currentTarget.blur();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    if (event.ctrlKey || event.metaKey || sendWith === "enter") {
      event.preventDefault();
      composer.send();
    }
  }

  return (
    <SeekerList seeker={seeker}>
      <Textarea
        ref={input}
        classNames={{ input: classes.input }}
        variant="unstyled"
        autosize
        minRows={compact ? 1 : 2}
        maxRows={8}
        maxLength={20_000}
        value={composer.body}
        dir="auto"
        aria-label={label}
        placeholder={placeholder}
        onFocus={onBegin}
        onChange={(event) => {
          composer.change(event.currentTarget.value);
          track(event.currentTarget);
        }}
        onSelect={(event) => track(event.currentTarget)}
        onKeyDown={key}
        onPaste={(event) => {
          if (event.clipboardData.files.length === 0) return;
          event.preventDefault();
          composer.addFiles(event.clipboardData.files);
        }}
        onBlur={composer.stopTyping}
        {...seeker.aria}
      />
    </SeekerList>
  );
}
