import { Button, Skeleton } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { PartyKind, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { toRows, type Row } from "./group.ts";
import { ActivityRow } from "./activity-row.tsx";
import { MessageRow } from "./message-row.tsx";
import { ChangeRow, DayRow, NewRow, PendingRow, SystemRow } from "./other-rows.tsx";
import type { Pending } from "./outbox.ts";
import { PinnedBar, usePinned } from "./pinned-bar.tsx";
import { ScrollAnchor } from "./scroll.ts";
import { usePending, type ThreadView } from "./use-thread.ts";
import classes from "./thread.module.css";

interface MessageListProps {
  view: ThreadView;
  /** Own messages stand on the right, as in a chat. */
  sided: boolean;
  empty: string;
  /** The address of a message by its seq. */
  linkTo: (seq: bigint) => string;
  onDiscard: (pending: Pending) => void;
}

const NONE: readonly Message[] = [];

/** The messages of a thread, in both directions without end. */
export function MessageList({ view, sided, empty, linkTo, onDiscard }: MessageListProps) {
  const t = useText();
  const { me } = useServices();
  const pending = usePending(view.threadId);
  const { log, thread } = view;
  const rows = useMemo(() => toRows(log?.messages ?? [], view.readSeq, me.id), [log?.messages, view.readSeq, me.id]);
  const outsideRead = thread?.readMarks.reduce(
    (most, mark) => (mark.party?.kind === PartyKind.VISITOR || mark.party?.kind === PartyKind.CONTACT ? max(most, mark.seq) : most),
    0n,
  );
  const ready = log !== undefined && (view.readSeq !== undefined || view.error !== null);
  const { box, atEnd, scrollToEnd, onScroll } = useScrolling(view, rows, pending.length, ready);
  const [fresh, setFresh] = useState(0n);
  const pinned = usePinned(view.threadId, log?.messages ?? NONE);
  const newest = log?.messages.at(-1)?.seq ?? 0n;
  if (atEnd && fresh !== newest) setFresh(newest);

  if (view.error && !log) return <Failure error={view.error} retry={view.retry} />;
  if (!ready) return <div className={classes.scroll}><RowSkeletons count={6} height={72} /></div>;
  return (
    <div className={classes.frame}>
      <PinnedBar messages={pinned} />
      <div
        className={classes.scroll}
        ref={box}
        onScroll={onScroll}
        onKeyDown={moveFocus}
        tabIndex={0}
        role="log"
        aria-label={t("thread.label")}
        data-pinned={pinned.length > 0}
      >
        {log.hasBefore ? <Skeleton h={14} w="40%" mx="auto" my="lg" /> : null}
        {rows.length === 0 && pending.length === 0 && <Empty text={empty} />}
        <div className={classes.rows}>
          {rows.map((row) => (
            <div key={row.key} data-key={row.key} data-seq={"message" in row ? row.message.seq.toString() : undefined} data-target={"message" in row && row.message.seq === view.around}>
              <RowView row={row} sided={sided} readSeq={sided ? outsideRead : undefined} linkTo={linkTo} />
            </div>
          ))}
          {!log.hasAfter && pending.map((one) => (
            <PendingRow key={one.requestId} pending={one} sided={sided} onDiscard={onDiscard} />
          ))}
        </div>
      </div>
      {(!atEnd || log.hasAfter) && (
        <Button
          className={classes.jump}
          variant={newest > fresh && !log.hasAfter ? "filled" : "default"}
          radius="xl"
          leftSection={<IconArrowDown size={15} />}
          onClick={log.hasAfter ? view.toEnd : scrollToEnd}
        >
          {newest > fresh && !log.hasAfter ? t("thread.newBelow") : t("thread.toEnd")}
        </Button>
      )}
    </div>
  );
}

/** Moves among the messages with j and k or the arrows, once one of them or the list has the focus. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const { target, currentTarget: list } = event;
  const step = event.key === "j" || event.key === "ArrowDown" ? 1 : event.key === "k" || event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement)) return;
  if (target !== list && target.tagName !== "ARTICLE") return;
  const rows = [...list.querySelectorAll<HTMLElement>("article")];
  const next = target === list ? rows.at(-1) : rows[rows.indexOf(target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function RowView({ row, sided, readSeq, linkTo }: { row: Row; sided: boolean; readSeq: bigint | undefined; linkTo: (seq: bigint) => string }) {
  switch (row.kind) {
    case "day":
      return <DayRow date={row.date} />;
    case "new":
      return <NewRow />;
    case "activity":
      return <ActivityRow message={row.message} />;
    case "change":
      return <ChangeRow message={row.message} first={row.first} />;
    case "system":
      return <SystemRow message={row.message} />;
    default:
      return <MessageRow message={row.message} first={row.first} last={row.last} sided={sided} readSeq={readSeq} link={linkTo(row.message.seq)} />;
  }
}

/** Begins at the right place, stays at the end, keeps the place when history comes in. */
function useScrolling(view: ThreadView, rows: Row[], pendingCount: number, ready: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);
  const [anchor] = useState(() => new ScrollAnchor());
  const { log, loadOlder, loadNewer, markRead } = view;
  const place = `${view.threadId}/${view.around ?? ""}/${view.revealed}`;
  const begun = useRef("");
  const around = view.around !== undefined;

  const scrollToEnd = useCallback(() => {
    stick.current = true;
    setAtEnd(true);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!ready || !element) return;
    if (begun.current !== place) {
      begun.current = place;
      const target = element.querySelector("[data-target=true]") ?? element.querySelector("[data-key=new]");
      if (target) center(element, target);
      else element.scrollTop = element.scrollHeight;
      // A link to a message leads to it also where the thread is far down a page.
      if (around) element.scrollIntoView({ block: "nearest" });
      stick.current = isAtEnd(element);
      setAtEnd(stick.current);
    } else if (stick.current && !log?.hasAfter) element.scrollTop = element.scrollHeight;
    else anchor.restore(element);
    anchor.remember(element);
  }, [anchor, around, log?.hasAfter, pendingCount, place, ready, rows]);

  const onScroll = useCallback(() => {
    const element = box.current;
    if (!element) return;
    anchor.remember(element);
    stick.current = isAtEnd(element);
    setAtEnd(stick.current);
    if (element.scrollTop < 600 && log?.hasBefore) void loadOlder();
    if (element.scrollHeight - element.scrollTop - element.clientHeight < 600 && log?.hasAfter) void loadNewer();
  }, [anchor, loadNewer, loadOlder, log?.hasAfter, log?.hasBefore]);

  useEffect(() => {
    // A short first page leaves nothing to scroll: fill the view.
    if (ready) onScroll();
  }, [ready, rows, onScroll]);
  useEffect(() => {
    if (ready && atEnd) markRead();
  }, [ready, atEnd, markRead]);
  useStickOnResize(box, stick, ready);
  useMarkOnReturn(ready && atEnd, markRead);
  return { box, atEnd, scrollToEnd, onScroll };
}

/** Scrolls only the box, so that nothing around it moves. */
function center(box: HTMLElement, target: Element): void {
  const place = target.getBoundingClientRect();
  box.scrollTop += place.top - box.getBoundingClientRect().top - (box.clientHeight - place.height) / 2;
}

function isAtEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight < 40;
}

/** Keeps the end in view when the composer grows or a picture comes in. */
function useStickOnResize(box: React.RefObject<HTMLDivElement | null>, stick: React.RefObject<boolean>, ready: boolean): void {
  useEffect(() => {
    const element = box.current;
    if (!element || !ready) return undefined;
    const observer = new ResizeObserver(() => {
      if (stick.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    if (element.lastElementChild) observer.observe(element.lastElementChild);
    return () => observer.disconnect();
  }, [box, stick, ready]);
}

/** What came while the tab was hidden is read when the user is back. */
function useMarkOnReturn(may: boolean, markRead: () => void): void {
  useEffect(() => {
    if (!may) return undefined;
    const listen = (): void => markRead();
    document.addEventListener("visibilitychange", listen);
    return () => document.removeEventListener("visibilitychange", listen);
  }, [may, markRead]);
}
