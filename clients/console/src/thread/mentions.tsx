/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a listbox with faces in it has no element of its own */
import { Popover, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { ChatterService, PartyKind, type PartySuggestion } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { PartyFace } from "../ui/person.tsx";
import { mentionQuery } from "./drafts.ts";
import type { ComposerState } from "./use-composer.ts";
import classes from "./composer.module.css";

interface Mentions {
  open: boolean;
  found: PartySuggestion[];
  selected: number;
  listId: string;
  aria: Record<string, string | boolean | undefined>;
  /** Follows the caret. */
  track: (input: HTMLTextAreaElement) => void;
  /** Handles a key while the picker is open; answers whether it did. */
  key: (event: KeyboardEvent) => boolean;
  pick: (suggestion: PartySuggestion) => void;
  /** Writes an "@" for the user. */
  begin: () => void;
}

/** Finds people for what is typed after an "@". In notes these are colleagues only. */
export function useMentions(composer: ComposerState, enabled: boolean, usersOnly: boolean): Mentions {
  const [at, setAt] = useState<{ start: number; query: string }>();
  const [selected, setSelected] = useState(0);
  const listId = useId();
  const [query] = useDebouncedValue(at?.query ?? "", 120);
  const { data } = useQuery(
    ChatterService.method.suggestParties,
    { query, usersOnly, pageSize: 6 },
    { enabled: enabled && at !== undefined, placeholderData: keepPreviousData },
  );
  const found = at ? (data?.parties ?? []) : [];
  const open = enabled && at !== undefined && found.length > 0;

  function pick(suggestion: PartySuggestion): void {
    const { party } = suggestion;
    const input = composer.field();
    if (!party || !at || !input) return;
    const end = at.start + 1 + at.query.length;
    const text = `@${party.name} `;
    composer.change(composer.body.slice(0, at.start) + text + composer.body.slice(end));
    composer.mention(party.id, party.name);
    setAt(undefined);
    requestAnimationFrame(() => {
      input.focus();
      input.setSelectionRange(at.start + text.length, at.start + text.length);
    });
  }

  function key(event: KeyboardEvent): boolean {
    if (!open) return false;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = found[selected];
    if (step !== 0) setSelected((selected + step + found.length) % found.length);
    else if (event.key === "Escape") setAt(undefined);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) pick(chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  return {
    open,
    found,
    selected: Math.min(selected, Math.max(0, found.length - 1)),
    listId,
    aria: open ? { "aria-controls": listId, "aria-activedescendant": `${listId}-${selected}`, "aria-expanded": true } : {},
    track: (input) => {
      const next = enabled ? mentionQuery(input.value, input.selectionStart) : undefined;
      if (next?.query !== at?.query) setSelected(0);
      setAt(next);
    },
    key,
    pick,
    begin: () => {
      const input = composer.field();
      if (!input) return;
      const before = composer.body.slice(0, input.selectionStart);
      const mark = before === "" || /\s$/u.test(before) ? "@" : " @";
      composer.change(before + mark + composer.body.slice(input.selectionStart));
      const caret = before.length + mark.length;
      setAt({ start: caret - 1, query: "" });
      requestAnimationFrame(() => {
        input.focus();
        input.setSelectionRange(caret, caret);
      });
    },
  };
}

/** The people found, above the text. */
export function MentionPicker({ mentions, children }: { mentions: Mentions; children: ReactNode }) {
  const t = useText();
  return (
    <Popover opened={mentions.open} position="top-start" width={280} trapFocus={false} returnFocus={false} withRoles={false}>
      <Popover.Target><div>{children}</div></Popover.Target>
      <Popover.Dropdown p={4}>
        <div role="listbox" id={mentions.listId} aria-label={t("composer.mention")}>
          {mentions.found.map((suggestion, index) => (
            <UnstyledButton
              key={suggestion.party?.id}
              id={`${mentions.listId}-${index}`}
              role="option"
              aria-selected={index === mentions.selected}
              className={classes.option}
              data-selected={index === mentions.selected}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => mentions.pick(suggestion)}
            >
              <PartyFace party={suggestion.party} size={24} />
              <span className={classes.optionText}>
                <Text size="sm" truncate>{suggestion.party?.name}</Text>
                <Text size="xs" c="dimmed" truncate>{suggestion.email}</Text>
              </span>
              {suggestion.party?.kind === PartyKind.CONTACT && <Text size="xs" c="dimmed">{t("message.contact")}</Text>}
            </UnstyledButton>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
