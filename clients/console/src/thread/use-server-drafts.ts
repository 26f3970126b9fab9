import { create } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { ComposeService, ContentSchema, TextFormat, type ChatterService, type Draft as StoredDraft } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useServices } from "../services.tsx";
import { outgoing } from "./content.ts";
import { EMPTY, isBlank, type Draft, type Mode } from "./drafts.ts";

/** A draft is saved so long after the last change, in milliseconds. */
const SAVE_MS = 800;
/** A save that failed is tried again after so long. */
const AGAIN_MS = 5_000;

const MODES: Mode[] = ["message", "note"];

interface ServerDrafts {
  /** The draft of a mode was changed here. */
  changed: (mode: Mode) => void;
  /** The draft of a mode was sent. */
  sent: (mode: Mode) => void;
}

/**
 * Keeps the drafts of a thread on the server as well, and takes in what another
 * device of the same user wrote. What is typed here and not saved yet always wins.
 */
export function useServerDrafts(threadId: string, mode: Mode, enabled: boolean, show: (draft: Draft) => void): ServerDrafts {
  const { chatter, drafts, transport, uploader } = useServices();
  const compose = useMemo(() => createClient(ComposeService, transport), [transport]);
  const timers = useRef(new Map<Mode, ReturnType<typeof setTimeout>>());
  const { data, isFetchedAfterMount } = useQuery(ComposeService.method.getDrafts, { threadId }, { enabled, refetchOnMount: "always", staleTime: Infinity });

  const save = useCallback(
    async (of: Mode): Promise<void> => {
      timers.current.delete(of);
      const draft = drafts.get(threadId, of);
      if (!draft.unsaved) return;
      const internal = of === "note";
      const revision = Math.max(Date.now(), (draft.revision ?? 0) + 1);
      const fileIds = uploader.list(threadId, internal).flatMap((one) => (one.file ? [one.file.id] : []));
      const { body: _body, format: _format, ...rest } = outgoing(draft, false);
      const content = create(ContentSchema, { ...rest, body: draft.body.slice(0, 20_000), format: TextFormat.MARKDOWN, fileIds });
      const answer = await compose.saveDraft({ threadId, internal, content, revision: BigInt(revision) });
      const now = drafts.get(threadId, of);
      const typedOn = !same(now, draft);
      drafts.set(threadId, of, { ...now, revision: Number(answer.revision), unsaved: typedOn || !answer.saved });
      if (typedOn || !answer.saved) later(of, SAVE_MS);
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- later and save call each other
    [compose, drafts, threadId, uploader],
  );
  const later = useCallback(
    (of: Mode, wait: number) => {
      clearTimeout(timers.current.get(of));
      timers.current.set(of, setTimeout(() => void save(of).catch((reason: unknown) => toFault(reason).passing && later(of, AGAIN_MS)), wait));
    },
    [save],
  );

  useEffect(() => {
    if (!data || !isFetchedAfterMount) return;
    for (const of of MODES) {
      const stored = data.drafts.find((one) => one.internal === (of === "note"));
      const local = drafts.get(threadId, of);
      const next = merged(local, stored);
      if (local.unsaved || (next === local && !isBlank(local) && !stored)) later(of, SAVE_MS);
      const current = !local.unsaved && (!stored || Number(stored.revision) >= (local.revision ?? 0));
      if (current) uploader.adopt(threadId, of === "note", stored?.files ?? [], true);
      if (next === local) continue;
      drafts.set(threadId, of, next);
      // Where one writes, nothing moves for what is there already.
      if (of === mode && !alike(next, local)) show(next);
      void namesOf(chatter, threadId, of, next).then((named) => {
        if (!named || !same(drafts.get(threadId, of), next)) return;
        drafts.set(threadId, of, named);
        if (of === mode) show(named);
      });
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- another mode shows its own draft by itself
  }, [chatter, data, drafts, isFetchedAfterMount, later, show, threadId, uploader]);

  useEffect(() => {
    const waiting = timers.current;
    return () => {
      // What was typed in the last moment is saved at once when one leaves.
      for (const [of, timer] of waiting) {
        clearTimeout(timer);
        void save(of).catch(() => undefined);
      }
    };
  }, [save]);

  return useMemo(
    () => ({
      changed: (of) => {
        if (enabled) later(of, SAVE_MS);
      },
      sent: (of) => {
        clearTimeout(timers.current.get(of));
        timers.current.delete(of);
        const { revision = 0 } = drafts.get(threadId, of);
        const past = Math.max(Date.now(), revision);
        drafts.set(threadId, of, EMPTY);
        if (!enabled) return;
        void compose.deleteDraft({ threadId, internal: of === "note", revision: BigInt(past) }).catch(() => {
          // A blank draft, once saved, deletes it as well.
          if (isBlank(drafts.get(threadId, of))) drafts.set(threadId, of, { ...EMPTY, revision: past, unsaved: true });
          later(of, AGAIN_MS);
        });
      },
    }),
    [compose, drafts, enabled, later, threadId],
  );
}

/** What is there after the server told of its draft; the local one itself if nothing is new. */
export function merged(local: Draft, stored: StoredDraft | undefined): Draft {
  if (local.unsaved) return local;
  if (!stored) return local.revision === undefined || isBlank(local) ? local : EMPTY;
  if (Number(stored.revision) <= (local.revision ?? 0)) return local;
  const { content } = stored;
  return {
    body: content?.body ?? "",
    mentions: Object.fromEntries((content?.mentionIds ?? []).map((id) => [id, local.mentions[id] ?? ""])),
    ...(content?.subject && { subject: content.subject }),
    ...(content?.exceptIds.length && { except: content.exceptIds }),
    ...(content?.recipientIds.length && { added: Object.fromEntries(content.recipientIds.map((id) => [id, local.added?.[id] ?? ""])) }),
    ...(content?.replyToId && { replyTo: local.replyTo?.id === content.replyToId ? local.replyTo : { id: content.replyToId, name: "", excerpt: "" } }),
    revision: Number(stored.revision),
  };
}

/** A draft with the names of those whom another device mentioned; undefined if none is missing. */
async function namesOf(chatter: Client<typeof ChatterService>, threadId: string, mode: Mode, draft: Draft): Promise<Draft | undefined> {
  const mentionIds = Object.keys(draft.mentions).filter((id) => draft.mentions[id] === "");
  if (mentionIds.length === 0) return undefined;
  try {
    const { recipients } = await chatter.previewRecipients({ threadId, internal: mode === "note", mentionIds });
    const found = recipients.flatMap(({ party }) => (party && mentionIds.includes(party.id) ? [[party.id, party.name] as const] : []));
    return { ...draft, mentions: { ...draft.mentions, ...Object.fromEntries(found) } };
  } catch {
    return undefined;
  }
}

/** True if two drafts say the same to the same people. */
function alike(a: Draft, b: Draft): boolean {
  const bare = ({ revision: _revision, unsaved: _unsaved, ...rest }: Draft): Draft => rest;
  return same(bare({ ...EMPTY, ...a }), bare({ ...EMPTY, ...b }));
}

function same(a: Draft, b: Draft): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
