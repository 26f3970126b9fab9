import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { useMemo } from "react";
import { ChatterService, PartyKind, RecipientReason, type PreviewRecipientsResponse, type Recipient } from "../api/contract.ts";
import { mentionedIds } from "./drafts.ts";
import type { ComposerState } from "./use-composer.ts";

/** Who gets what is being written. */
export interface Recipients {
  data: PreviewRecipientsResponse | undefined;
  /** Contacts who get a note by mail because it mentions them. */
  leaks: Recipient[];
  /** Those who would be told. */
  told: Recipient[];
  /** Leaves somebody out, or takes them in again. */
  toggle: (recipient: Recipient) => void;
  add: (id: string, name: string) => void;
}

/** Asks who would get a message, a moment after it changed. */
export function useRecipients(composer: ComposerState, enabled: boolean): Recipients {
  const { threadId, draft, mode } = composer;
  const wanted = useMemo(
    () => ({
      threadId,
      internal: mode === "note",
      mentionIds: mentionedIds(draft).toSorted(),
      recipientIds: Object.keys(draft.added ?? {}),
      exceptIds: draft.except ?? [],
    }),
    [draft, mode, threadId],
  );
  // The text changes with every key, but only who is named matters.
  const key = JSON.stringify(wanted);
  const [settled] = useDebouncedValue(key, 300);
  const request = useMemo(() => JSON.parse(settled) as typeof wanted, [settled]);
  const { data } = useQuery(ChatterService.method.previewRecipients, request, { enabled, staleTime: 20_000, placeholderData: keepPreviousData });
  const fits = data && request.internal === wanted.internal ? data : undefined;
  return {
    data: fits,
    leaks: wanted.internal ? (fits?.recipients ?? []).filter((one) => one.outside && !one.excepted && one.party?.kind === PartyKind.CONTACT && one.reason === RecipientReason.MENTION) : [],
    told: (fits?.recipients ?? []).filter((one) => !one.excepted),
    toggle: (recipient) => composer.amend(toggled(draft, recipient)),
    add: (id, name) => composer.amend({ added: { ...draft.added, [id]: name }, except: (draft.except ?? []).filter((one) => one !== id) }),
  };
}

type Choice = Pick<ComposerState["draft"], "added" | "except">;

/** A draft's choice of recipients after one was taken out or put back. */
export function toggled(choice: Choice, recipient: Recipient): Choice {
  const id = recipient.party?.id ?? "";
  const { added = {}, except = [] } = choice;
  if (id in added) return { added: Object.fromEntries(Object.entries(added).filter(([one]) => one !== id)), except };
  return { added, except: recipient.excepted ? except.filter((one) => one !== id) : [...except, id] };
}
