import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { File as StoredFile } from "../api/contract.ts";
import { useServices } from "../services.tsx";
import { isSendable, leftOpen, outgoing, type Outgoing } from "./content.ts";
import { EMPTY, isBlank, type Answered, type Draft, type Mode } from "./drafts.ts";
import type { Written } from "./markdown/write.ts";
import type { Pending } from "./outbox.ts";
import type { Upload } from "./upload.ts";
import { useServerDrafts } from "./use-server-drafts.ts";
import { useTypingSignal } from "./use-typing.ts";

/** What one writes into, plain or rich. */
export interface Field {
  focus: () => void;
  insert: (text: string) => void;
}

/** What a composer does. */
export interface ComposerState {
  threadId: string;
  mode: Mode;
  draft: Draft;
  body: string;
  /** Grows when the text was replaced by something else than typing. */
  version: number;
  uploads: readonly Upload[];
  canSend: boolean;
  /** Placeholders of a template to be filled in before it can be sent. */
  open: string[];
  expanded: boolean;
  /** Makes the composer large or small, and goes on writing. */
  expand: (expanded: boolean) => void;
  /** Says what one writes into; answers how to say that it is gone. */
  attach: (field: Field) => () => void;
  field: () => Field | null;
  change: (body: string) => void;
  /** The same from a rich field. */
  write: (written: Written) => void;
  /** Changes what goes with the text. */
  amend: (change: Partial<Draft>) => void;
  /** Puts another text there, such as that of a template. */
  replace: (draft: Partial<Draft>, files?: readonly StoredFile[]) => void;
  /** Remembers that "@name" in the text means somebody. */
  mention: (id: string, name: string) => void;
  /** Goes to a mode and begins to write. */
  focus: (mode: Mode) => void;
  /** Begins to answer a message: with a note if it is one. */
  reply: (mode: Mode, to: Answered) => void;
  send: () => void;
  /** What would be sent, and empties the composer: somebody else sends it. */
  take: () => { content: Outgoing; internal: boolean; fileIds: string[] } | undefined;
  addFiles: (files: Iterable<File> | ArrayLike<File>) => void;
  removeUpload: (key: string) => void;
  retryUpload: (key: string) => void;
  stopTyping: () => void;
  /** Puts a message that failed back to be written anew. */
  takeBack: (pending: Pending) => void;
}

/** The composer of a thread: a draft for each mode, files, and who is told of the typing. */
export function useComposer(threadId: string, onSent: () => void, rich: boolean): ComposerState {
  const { outbox, uploader } = useServices();
  const [expanded, setExpanded] = useState(false);
  const text = useText(threadId, rich);
  const { mode, draft, exact, keep, field } = text;
  const internal = mode === "note";
  const uploads = useSyncExternalStore(uploader.subscribe, () => uploader.list(threadId, internal));
  const typing = useTypingSignal(threadId, internal);
  const settled = uploads.every((upload) => upload.state === "ready");
  const canSend = settled && isSendable(draft, uploads.length);

  const take = useCallback(() => {
    if (!canSend) return undefined;
    const content = outgoing(draft, rich, exact.current);
    const files = uploader.take(threadId, internal).map((file) => ({ id: file.id, name: file.name, size: Number(file.size), mediaType: file.mediaType }));
    text.clear();
    typing.stop();
    return { content, internal, files, fileIds: files.map((file) => file.id) };
  }, [canSend, draft, exact, internal, rich, text, threadId, typing, uploader]);

  const send = useCallback(() => {
    const taken = take();
    if (!taken) return;
    const { content, files } = taken;
    outbox.send({ threadId, internal, files, ...content });
    setExpanded(false);
    onSent();
  }, [internal, onSent, outbox, take, threadId]);

  // Files taken from a stored draft have their own id as key: they are saved already.
  const sent = uploads.filter((one) => one.file && one.key !== one.file.id).length;
  useFilesKept(sent, mode, rich, () => keep(draft));

  const typed = (next: Draft): void => {
    keep(next);
    if (isBlank(next)) typing.stop();
    else typing.go();
  };

  return {
    threadId,
    mode,
    draft,
    body: draft.body,
    version: text.version,
    uploads,
    canSend,
    open: leftOpen(draft),
    expanded,
    expand: (next) => {
      setExpanded(next);
      requestAnimationFrame(() => field.current?.focus());
    },
    attach: text.attach,
    field: () => field.current,
    change: (body) => {
      exact.current = undefined;
      typed({ ...draft, body });
    },
    write: (written) => {
      exact.current = written.plain;
      typed({ ...draft, body: written.markdown, mentions: written.mentions });
    },
    amend: (change) => keep({ ...draft, ...change }),
    replace: (change, files = []) => {
      uploader.adopt(threadId, internal, files);
      text.replace({ ...draft, ...change });
    },
    mention: text.mention,
    focus: text.focus,
    reply: (to, answered) => text.focus(to, { replyTo: answered }),
    send,
    take,
    addFiles: (files) => Array.from(files).forEach((file) => uploader.add(threadId, internal, file)),
    removeUpload: (key) => {
      uploader.remove(key);
      if (rich) keep(draft);
    },
    retryUpload: (key) => uploader.retry(key),
    stopTyping: typing.stop,
    takeBack: (pending) => {
      const back = outbox.discard(pending.requestId);
      if (back) text.putBack(back);
    },
  };
}

/** A draft's files are part of it: saves it when another one was sent. */
function useFilesKept(count: number, mode: Mode, rich: boolean, save: () => void): void {
  const seen = useRef({ mode, count });
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => {
    const before = seen.current;
    seen.current = { mode, count };
    if (rich && before.mode === mode && count > before.count) latest.current();
  }, [count, mode, rich]);
}

/** The text of a composer: kept here, and on the server where the composer is rich. */
function useText(threadId: string, rich: boolean) {
  const { drafts } = useServices();
  const [mode, setMode] = useState<Mode>(() => drafts.mode(threadId));
  const [draft, setDraft] = useState<Draft>(() => drafts.get(threadId, mode));
  const [version, setVersion] = useState(0);
  const field = useRef<Field>(null);
  /** The text as it was typed, where it has no form. */
  const exact = useRef<string>(undefined);
  const attach = useCallback((next: Field) => {
    field.current = next;
    return () => {
      // Another one may have come meanwhile.
      if (field.current === next) field.current = null;
    };
  }, []);

  const show = useCallback((next: Draft) => {
    exact.current = undefined;
    setDraft(next);
    setVersion((now) => now + 1);
  }, []);
  const server = useServerDrafts(threadId, mode, rich, show);

  const keep = useCallback(
    (next: Draft) => {
      const changed = { ...next, ...(rich && { unsaved: true }) };
      setDraft(changed);
      drafts.set(threadId, mode, changed);
      server.changed(mode);
    },
    [drafts, mode, rich, server, threadId],
  );

  const focus = useCallback(
    (next: Mode, change?: Partial<Draft>) => {
      const stored = drafts.get(threadId, next);
      const begun = change ? { ...stored, ...change } : stored;
      if (change) drafts.set(threadId, next, begun);
      setMode(next);
      drafts.setMode(threadId, next);
      if (next === mode) setDraft(begun);
      else show(begun);
      requestAnimationFrame(() => field.current?.focus());
    },
    [drafts, mode, show, threadId],
  );

  return useMemo(
    () => ({
      mode,
      draft,
      version,
      field,
      exact,
      attach,
      keep,
      focus,
      replace: (next: Draft) => {
        keep(next);
        show(next);
      },
      clear: () => {
        show(EMPTY);
        server.sent(mode);
      },
      mention: (id: string, name: string) => setDraft((now) => ({ ...now, mentions: { ...now.mentions, [id]: name } })),
      putBack: (back: Pending) => {
        const into: Mode = back.internal ? "note" : "message";
        const begun = drafts.get(threadId, into);
        const body = begun.body === "" ? back.body : `${back.body}\n${begun.body}`;
        drafts.set(threadId, into, { ...begun, body, ...(back.subject && { subject: back.subject }) });
        show(drafts.get(threadId, into));
        focus(into);
      },
    }),
    [attach, draft, drafts, focus, keep, mode, server, show, threadId, version],
  );
}
