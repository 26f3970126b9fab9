import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { State } from "../core/store.ts";
import { lastSeq, unread } from "../core/talk.ts";
import { Bubble } from "./bubble.tsx";
import { useApp } from "./context.ts";
import { dayName } from "./format.ts";
import { DownIcon } from "./icons.tsx";
import { rowsOf, type Row } from "./rows.ts";
import { SystemLine } from "./system.tsx";
import { Welcome } from "./welcome.tsx";

/** So near to the end counts as being there, in pixels. */
const NEAR = 40;

/** The conversation. It is there before its content, so that screen readers tell what comes. */
export function Log({ state }: { state: State }): VNode {
  const { words } = useApp();
  const { talk, loaded, paging } = state;
  const newFrom = useNewFrom(state);
  const rows = useMemo(() => rowsOf(talk, newFrom), [talk.messages, talk.outbox, newFrom]);
  const { log, end, follow, away } = useScroll(state);
  const news = away ? unread(talk) : 0;
  return (
    <div class="log-frame">
      <div class="log" ref={log} role="log" aria-label={words.conversation} aria-busy={!loaded || paging} tabIndex={0}>
        {paging && <p class="line">{words.loading}</p>}
        {!talk.hasBefore && loaded && <Welcome state={state} />}
        {rows.map((row) => (
          <RowView key={row.key} row={row} state={state} />
        ))}
        {talk.typing && (
          <div class="said other typing" aria-hidden="true" title={words.typing(talk.typing.name ?? "")}>
            <i />
            <i />
            <i />
          </div>
        )}
        <div ref={end} />
      </div>
      {away && (
        <button type="button" class="newest" aria-label={news ? words.news(news) : words.toNewest} onClick={follow}>
          {news > 0 && <span>{words.news(news)}</span>}
          <DownIcon />
        </button>
      )}
    </div>
  );
}

function RowView({ row, state }: { row: Row; state: State }): VNode {
  const { words } = useApp();
  switch (row.kind) {
    case "day":
      return <p class="line day">{dayName(row.time, words)}</p>;
    case "new":
      return <p class="line new">{words.newLine}</p>;
    case "system":
      return <SystemLine message={row.message} />;
    default:
      return <Bubble row={row} state={state} />;
  }
}

/** The last seq that was read before the panel was opened, if something came after it. */
function useNewFrom({ open, loaded, talk }: State): number | undefined {
  const [from, setFrom] = useState<number>();
  useLayoutEffect(() => {
    setFrom(open && loaded && unread(talk) > 0 ? talk.readSeq : undefined);
  }, [open, loaded, talk.chat?.id]);
  return from;
}

/** Keeps the end in view while the reader is there, and their place otherwise. */
function useScroll(state: State): {
  log: { current: HTMLDivElement | null };
  end: { current: HTMLDivElement | null };
  follow: () => void;
  away: boolean;
} {
  const { conversation } = useApp();
  const log = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const height = useRef(0);
  const [away, setAway] = useState(false);
  const { talk, open } = state;
  const first = talk.messages[0]?.id;
  const writing = talk.outbox.length;
  const follow = (): void => {
    stuck.current = true;
    setAway(false);
    log.current?.scrollTo({ top: log.current.scrollHeight });
  };
  useLayoutEffect(() => {
    const box = log.current;
    // Older messages came in above: what is being read stays where it is.
    if (box && !stuck.current) box.scrollTop += box.scrollHeight - height.current;
  }, [first]);
  useLayoutEffect(() => follow(), [writing, talk.chat?.id, open]);
  useLayoutEffect(() => {
    if (stuck.current) follow();
    height.current = log.current?.scrollHeight ?? 0;
  });
  useEffect(() => watchScroll(log.current, stuck, setAway, () => void conversation.older()), [conversation]);
  useSeen(state, away);
  return { log, end, follow, away };
}

function watchScroll(box: HTMLDivElement | null, stuck: { current: boolean }, setAway: (away: boolean) => void, top: () => void): (() => void) | undefined {
  if (!box) return undefined;
  const scrolled = (): void => {
    stuck.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    setAway(!stuck.current);
    if (box.scrollTop < 120) top();
  };
  const resized = new ResizeObserver(() => stuck.current && box.scrollTo({ top: box.scrollHeight }));
  resized.observe(box);
  box.addEventListener("scroll", scrolled, { passive: true });
  return () => {
    resized.disconnect();
    box.removeEventListener("scroll", scrolled);
  };
}

/** Says that the newest message is read while it is in view. */
function useSeen({ open, talk }: State, away: boolean): void {
  const { conversation } = useApp();
  const seq = lastSeq(talk);
  useEffect(() => {
    const look = (): void => {
      if (open && !away && document.visibilityState === "visible") void conversation.seen();
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [open, away, seq, conversation]);
}
