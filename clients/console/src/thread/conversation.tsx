import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { ThreadKind, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Composer } from "./composer.tsx";
import { plainText } from "./body.tsx";
import { MessageList } from "./message-list.tsx";
import { ThreadInfoProvider, ThreadPlaceProvider, type ThreadPlace } from "./place.ts";
import { ScheduledList } from "./scheduled-list.tsx";
import { UndoBar } from "./undo-bar.tsx";
import { useComposer } from "./use-composer.ts";
import { useThread, useTypists } from "./use-thread.ts";
import classes from "./thread.module.css";

interface ConversationProps {
  threadId: string;
  /** The message to begin at. */
  seq?: number;
  /** Own messages on the right, as in a chat. */
  sided?: boolean;
  empty: string;
  audience: string;
  messageLabel: string;
  /** Whether messages can mention people (notes always can). */
  mentions?: boolean;
  linkTo: (seq: bigint) => string;
  closed?: ReactNode;
  compact?: boolean;
}

/** A thread to read and to write in. Give it the thread's id as key. */
export function Conversation(props: ConversationProps) {
  const t = useText();
  const view = useThread(props.threadId, props.seq);
  const { toEnd } = view;
  const away = view.log?.hasAfter ?? false;
  const sent = useCallback(() => {
    if (away) toEnd();
  }, [away, toEnd]);
  // What hangs on a record has form, recipients and drafts on the server; a chat is plain.
  const rich = !(props.sided ?? false) && view.thread?.kind !== ThreadKind.CHAT;
  const composer = useComposer(props.threadId, sent, rich);
  const reply = useReply(composer.reply);
  const { threadId } = props;
  const { thread, reveal } = view;
  const place = useMemo<ThreadPlace>(() => ({ threadId, rich, reveal, reply }), [threadId, rich, reveal, reply]);
  const locked = thread && !thread.canPost ? t("thread.readOnly") : undefined;
  return (
    <ThreadPlaceProvider value={place}>
      <ThreadInfoProvider value={thread}>
        <div className={classes.thread}>
          <MessageList view={view} sided={props.sided ?? false} empty={props.empty} linkTo={props.linkTo} onDiscard={composer.takeBack} />
          <Typing threadId={threadId} />
          {rich && <UndoBar messages={view.log?.messages ?? NONE} />}
          {rich && <ScheduledList threadId={threadId} />}
          <Composer
            composer={composer}
            audience={props.audience}
            messageLabel={props.messageLabel}
            mentions={props.mentions ?? true}
            closed={props.closed ?? locked}
            compact={props.compact}
          />
        </div>
      </ThreadInfoProvider>
    </ThreadPlaceProvider>
  );
}

const NONE: readonly Message[] = [];

/** Answers a message; the same function all the time, so that no message is drawn anew. */
function useReply(begin: ReturnType<typeof useComposer>["reply"]): (message: Message) => void {
  const latest = useRef(begin);
  useEffect(() => {
    latest.current = begin;
  });
  return useCallback((message) => {
    const excerpt = plainText(message.body, message.format) || message.files[0]?.name || "";
    latest.current(message.internal ? "note" : "message", { id: message.id, name: message.author?.name ?? "", excerpt: excerpt.slice(0, 200) });
  }, []);
}

function Typing({ threadId }: { threadId: string }) {
  const t = useText();
  const typists = useTypists(threadId);
  const names = typists.map((party) => party.name);
  return (
    <div className={classes.typing} aria-live="polite">
      {names.length > 0 && <><i /><i /><i />{t("thread.typing", { count: names.length, names: names.slice(0, 2).join(", ") })}</>}
    </div>
  );
}
