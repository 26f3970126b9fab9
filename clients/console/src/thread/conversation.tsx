import { useCallback, type ReactNode } from "react";
import { useText } from "../intl/intl.tsx";
import { Composer } from "./composer.tsx";
import { MessageList } from "./message-list.tsx";
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
  const composer = useComposer(props.threadId, sent);
  const locked = view.thread && !view.thread.canPost ? t("thread.readOnly") : undefined;
  return (
    <div className={classes.thread}>
      <MessageList view={view} sided={props.sided ?? false} empty={props.empty} linkTo={props.linkTo} onDiscard={composer.takeBack} />
      <Typing threadId={props.threadId} />
      <Composer
        composer={composer}
        audience={props.audience}
        messageLabel={props.messageLabel}
        mentions={props.mentions ?? true}
        closed={props.closed ?? locked}
        compact={props.compact}
      />
    </div>
  );
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
