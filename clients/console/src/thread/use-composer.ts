import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type DragEvent } from "react";
import { useServices } from "../services.tsx";
import { mentionedIds, type Draft, type Mode } from "./drafts.ts";
import type { Pending } from "./outbox.ts";
import type { Upload } from "./upload.ts";

/** What a composer does. */
export interface ComposerState {
  mode: Mode;
  body: string;
  uploads: readonly Upload[];
  canSend: boolean;
  /** Where one writes. */
  attach: (element: HTMLTextAreaElement | null) => void;
  field: () => HTMLTextAreaElement | null;
  change: (body: string) => void;
  /** Remembers that "@name" in the text means somebody. */
  mention: (id: string, name: string) => void;
  /** Goes to a mode and begins to write. */
  focus: (mode: Mode) => void;
  send: () => void;
  addFiles: (files: Iterable<File> | ArrayLike<File>) => void;
  removeUpload: (key: string) => void;
  retryUpload: (key: string) => void;
  stopTyping: () => void;
  /** Puts a message that failed back to be written anew. */
  takeBack: (pending: Pending) => void;
}

/** The composer of a thread: a draft for each mode, files, and who is told of the typing. */
export function useComposer(threadId: string, onSent: () => void): ComposerState {
  const { drafts, outbox, uploader } = useServices();
  const [mode, setMode] = useState<Mode>(() => drafts.mode(threadId));
  const [draft, setDraft] = useState<Draft>(() => drafts.get(threadId, mode));
  const input = useRef<HTMLTextAreaElement>(null);
  const attach = useCallback((element: HTMLTextAreaElement | null) => {
    input.current = element;
  }, []);
  const field = useCallback(() => input.current, []);
  const internal = mode === "note";
  const uploads = useSyncExternalStore(uploader.subscribe, () => uploader.list(threadId, internal));
  const typing = useTypingSignal(threadId, internal);

  const keep = useCallback(
    (next: Draft, of: Mode) => {
      setDraft(next);
      drafts.set(threadId, of, next);
    },
    [drafts, threadId],
  );

  const focus = useCallback(
    (next: Mode) => {
      setMode(next);
      drafts.setMode(threadId, next);
      setDraft(drafts.get(threadId, next));
      requestAnimationFrame(() => {
        const element = input.current;
        element?.focus();
        element?.setSelectionRange(element.value.length, element.value.length);
      });
    },
    [drafts, threadId],
  );

  const body = draft.body.trim();
  const settled = uploads.every((upload) => upload.state === "ready");
  const canSend = settled && (body !== "" || uploads.length > 0);

  const send = useCallback(() => {
    if (!canSend) return;
    const files = uploader.take(threadId, internal).map((file) => ({ id: file.id, name: file.name, size: Number(file.size), mediaType: file.mediaType }));
    outbox.send({ threadId, body, internal, mentionIds: mentionedIds(draft), files });
    keep({ body: "", mentions: {} }, mode);
    typing.stop();
    onSent();
  }, [body, canSend, draft, internal, keep, mode, onSent, outbox, threadId, typing, uploader]);

  return {
    mode,
    body: draft.body,
    uploads,
    canSend,
    attach,
    field,
    change: (text) => {
      keep({ ...draft, body: text }, mode);
      if (text.trim() === "") typing.stop();
      else typing.go();
    },
    mention: (id, name) => setDraft((now) => ({ ...now, mentions: { ...now.mentions, [id]: name } })),
    focus,
    send,
    addFiles: (files) => Array.from(files).forEach((file) => uploader.add(threadId, internal, file)),
    removeUpload: (key) => uploader.remove(key),
    retryUpload: (key) => uploader.retry(key),
    stopTyping: typing.stop,
    takeBack: (pending) => {
      const back = outbox.discard(pending.requestId);
      if (!back) return;
      const into: Mode = back.internal ? "note" : "message";
      const begun = drafts.get(threadId, into);
      drafts.set(threadId, into, { ...begun, body: begun.body === "" ? back.body : `${back.body}\n${begun.body}` });
      focus(into);
    },
  };
}

/** Tells the others of the typing every three seconds, and when it ends. */
function useTypingSignal(threadId: string, internal: boolean): { go: () => void; stop: () => void } {
  const { chatter } = useServices();
  const last = useRef(0);
  const stop = useCallback(() => {
    if (last.current === 0) return;
    last.current = 0;
    void chatter.setTyping({ threadId, internal, stopped: true }).catch(() => undefined);
  }, [chatter, internal, threadId]);
  const go = useCallback(() => {
    if (Date.now() - last.current < 3_000) return;
    last.current = Date.now();
    void chatter.setTyping({ threadId, internal, stopped: false }).catch(() => undefined);
  }, [chatter, internal, threadId]);
  useEffect(() => stop, [stop]);
  return useMemo(() => ({ go, stop }), [go, stop]);
}

/** Takes files that are dropped. */
export function useFileDrop(add: (files: FileList) => void) {
  const [over, setOver] = useState(false);
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget)) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      setOver(false);
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      add(event.dataTransfer.files);
    },
  };
  return { over, handlers };
}
