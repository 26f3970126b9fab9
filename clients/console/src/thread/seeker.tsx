/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a listbox with faces in it has no element of its own */
import { Popover, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, useQuery as usePlainQuery } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { useId, useMemo, useState, type ReactNode } from "react";
import { ChatterService, PartyKind, type Party } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { PartyFace } from "../ui/person.tsx";
import classes from "./composer.module.css";

/** Something found for what is being typed. */
export type Found = { kind: "mention"; party: Party; email: string } | { kind: "emoji"; emoji: string; name: string };

/** What is being looked for, and where in the text it begins. */
interface Query {
  kind: "mention" | "emoji";
  query: string;
}

/** A list of what was found, and how one chooses from it. */
export interface Seeker {
  open: boolean;
  found: Found[];
  selected: number;
  listId: string;
  aria: Record<string, string | boolean | undefined>;
  /** Handles a key while the list is open; answers whether it did. */
  key: (event: Pick<KeyboardEvent, "key" | "preventDefault">) => boolean;
  pick: (found: Found) => void;
}

/** Finds people after "@" and emoji after ":". */
export function useSeeker<Q extends Query>(sought: Q | undefined, options: { usersOnly: boolean; onPick: (found: Found, sought: Q) => void; onClose: () => void }): Seeker {
  const [choice, setChoice] = useState({ query: "", at: 0 });
  const listId = useId();
  const mention = sought?.kind === "mention";
  const [query] = useDebouncedValue(mention ? sought.query : "", 120);
  const people = useQuery(
    ChatterService.method.suggestParties,
    { query, usersOnly: options.usersOnly, pageSize: 6 },
    { enabled: mention, placeholderData: keepPreviousData },
  );
  const emoji = usePlainQuery({ queryKey: ["emoji"], queryFn: () => import("./emoji-list.ts"), enabled: sought?.kind === "emoji", staleTime: Infinity });
  const found: Found[] = mention
    ? (people.data?.parties ?? []).flatMap(({ party, email }) => (party ? [{ kind: "mention" as const, party, email }] : []))
    : sought && emoji.data
      ? emoji.data.findEmoji(sought.query, 6).map((one) => ({ kind: "emoji" as const, ...one }))
      : [];
  const open = sought !== undefined && found.length > 0;
  const selected = choice.query === sought?.query ? Math.min(choice.at, Math.max(0, found.length - 1)) : 0;
  const pick = (one: Found): void => {
    if (sought) options.onPick(one, sought);
  };

  function key(event: Pick<KeyboardEvent, "key" | "preventDefault">): boolean {
    if (!open) return false;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = found[selected];
    if (step !== 0) setChoice({ query: sought.query, at: (selected + step + found.length) % found.length });
    else if (event.key === "Escape") options.onClose();
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) pick(chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  const aria = useMemo(() => (open ? { "aria-controls": listId, "aria-activedescendant": `${listId}-${selected}`, "aria-expanded": true } : {}), [listId, open, selected]);
  return { open, found, selected, listId, aria, key, pick };
}

/** What was found, above the text. */
export function SeekerList({ seeker, children }: { seeker: Seeker; children: ReactNode }) {
  const t = useText();
  return (
    <Popover opened={seeker.open} position="top-start" width={280} trapFocus={false} returnFocus={false} withRoles={false}>
      <Popover.Target><div className={classes.target}>{children}</div></Popover.Target>
      <Popover.Dropdown p={4}>
        <div role="listbox" id={seeker.listId} aria-label={seeker.found[0]?.kind === "emoji" ? t("composer.emoji") : t("composer.mention")}>
          {seeker.found.map((one, index) => (
            <UnstyledButton
              key={one.kind === "mention" ? one.party.id : one.emoji}
              id={`${seeker.listId}-${index}`}
              role="option"
              aria-selected={index === seeker.selected}
              className={classes.option}
              data-selected={index === seeker.selected}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => seeker.pick(one)}
            >
              {one.kind === "mention" ? <Person found={one} /> : <><span className={classes.optionEmoji}>{one.emoji}</span><Text size="sm">:{one.name}</Text></>}
            </UnstyledButton>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Person({ found }: { found: Extract<Found, { kind: "mention" }> }) {
  const t = useText();
  return (
    <>
      <PartyFace party={found.party} size={24} />
      <span className={classes.optionText}>
        <Text size="sm" truncate>{found.party.name}</Text>
        <Text size="xs" c="dimmed" truncate>{found.email}</Text>
      </span>
      {found.party.kind === PartyKind.CONTACT && <Text size="xs" c="dimmed">{t("message.contact")}</Text>}
    </>
  );
}
