import { UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconChevronDown, IconChevronUp, IconLock, IconPinFilled, IconPinnedOff } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { ChatterService, type Message } from "../api/contract.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { plainText } from "./body.tsx";
import { postedAt } from "./group.ts";
import { useThreadPlace } from "./place.ts";
import { useMessageChanges } from "./use-change.ts";
import classes from "./message.module.css";

/** What is pinned to a thread; read anew when a message is pinned or taken off. */
export function usePinned(threadId: string, loaded: readonly Message[]): Message[] {
  const { data, refetch } = useQuery(ChatterService.method.listPinnedMessages, { threadId }, { staleTime: 30_000 });
  const seen = loaded.flatMap((one) => (one.pinnedBy && !one.deleteTime ? [`${one.id}${one.rev}`] : [])).join();
  const before = useRef(seen);
  useEffect(() => {
    if (before.current === seen) return;
    before.current = seen;
    void refetch();
  }, [refetch, seen]);
  return data?.messages ?? [];
}

/** What is pinned, over the messages. */
export function PinnedBar({ messages }: { messages: Message[] }) {
  const t = useText();
  const { reveal } = useThreadPlace();
  const [open, setOpen] = useState(false);
  const first = messages[0];
  if (!first) return null;
  const shown = open ? messages : [first];
  return (
    <section className={classes.pins} aria-label={t("pins.label")}>
      <ul className={classes.pinRows}>{shown.map((one) => <Pin key={one.id} message={one} onOpen={() => reveal(one.seq)} />)}</ul>
      {messages.length > 1 && (
        <UnstyledButton className={classes.pinMore} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("pins.less") : t("pins.more", { count: messages.length - 1 })}
          {open ? <IconChevronUp size={14} aria-hidden /> : <IconChevronDown size={14} aria-hidden />}
        </UnstyledButton>
      )}
    </section>
  );
}

function Pin({ message, onOpen }: { message: Message; onOpen: () => void }) {
  const t = useText();
  const { pin } = useMessageChanges(message);
  const text = message.subject || plainText(message.body, message.format) || message.files[0]?.name || "";
  return (
    <li className={classes.pin}>
      <UnstyledButton className={classes.pinText} onClick={onOpen}>
        <IconPinFilled size={14} aria-hidden />
        {message.internal && <IconLock size={13} aria-label={t("message.internal")} />}
        <span className={classes.pinName}>{message.author?.name}</span>
        <span className={classes.pinBody}>{text}</span>
        <span className={classes.pinTime}><When at={postedAt(message)} /></span>
      </UnstyledButton>
      <IconButton size="sm" label={t("message.unpin")} onClick={pin}><IconPinnedOff size={14} /></IconButton>
    </li>
  );
}
