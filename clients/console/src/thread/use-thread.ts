import { useQuery } from "@connectrpc/connect-query";
import { useQuery as usePlainQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore, type RefObject } from "react";
import { ChatterService, type Party, type Thread } from "../api/contract.ts";
import { useServices } from "../services.tsx";
import { lastSeq, type ThreadLog } from "./log.ts";
import type { Pending } from "./outbox.ts";
import { loadAfter, loadBefore, threadLogOptions } from "./query.ts";

/** A thread as a page shows it. */
export interface ThreadView {
  threadId: string;
  thread: Thread | undefined;
  log: ThreadLog | undefined;
  error: unknown;
  loading: boolean;
  retry: () => void;
  /** How far the caller had read when the thread was opened. */
  readSeq: bigint | undefined;
  /** The message that the stretch shown is around. */
  around: bigint | undefined;
  loadOlder: () => Promise<void>;
  loadNewer: () => Promise<void>;
  /** Leaves the neighbourhood of a message for the end of the thread. */
  toEnd: () => void;
  /** Goes to a message, wherever in the thread it is. */
  reveal: (seq: bigint) => void;
  /** Grows with every message that is gone to, the same one twice included. */
  revealed: number;
  markRead: () => void;
}

/** Loads a thread, keeps it live while it is shown, and pages through it. */
export function useThread(threadId: string, seq: number | undefined): ThreadView {
  const { transport, journal, engine, outbox } = useServices();
  const [left, setLeft] = useState<number>();
  const [jump, setJump] = useState<{ seq: bigint; count: number }>();
  const linked = seq !== undefined && seq !== left ? BigInt(seq) : undefined;
  const around = jump?.seq ?? linked;
  const info = useQuery(ChatterService.method.getThread, { threadId }, { staleTime: 0 });
  const options = threadLogOptions(transport, journal, threadId, around, (requestId) => outbox.arrived(requestId));
  const { data: log, error, isPending, refetch } = usePlainQuery(options);
  const loaded = log !== undefined;
  const cursor = useLatest(log?.cursor ?? "");
  useEffect(() => (loaded ? engine.open(threadId, cursor.current) : undefined), [cursor, engine, threadId, loaded]);

  const thread = info.data?.thread;
  const readSeq = useFrozen(threadId, info.isFetchedAfterMount ? thread?.readSeq : undefined);
  const { loadOlder, loadNewer } = usePaging(threadId, options.queryKey, log);
  const markRead = useMarkRead(threadId, thread, lastSeq(log), log?.hasAfter ?? true);
  const failure = error ?? info.error;
  const toEnd = useCallback(() => {
    setJump(undefined);
    setLeft(seq);
  }, [seq]);
  const reveal = useCallback((to: bigint) => setJump((now) => ({ seq: to, count: (now?.count ?? 0) + 1 })), []);
  const { refetch: refetchInfo } = info;
  const retry = useCallback(() => {
    void refetch();
    void refetchInfo();
  }, [refetch, refetchInfo]);
  return { threadId, thread, log, error: failure, loading: isPending, retry, readSeq, around, loadOlder, loadNewer, toEnd, reveal, revealed: jump?.count ?? 0, markRead };
}

/** The first value that came for a key. */
function useFrozen<T>(key: string, value: T | undefined): T | undefined {
  const [kept, setKept] = useState({ key, value });
  if (kept.key !== key || (kept.value === undefined && value !== undefined)) setKept({ key, value });
  return kept.key === key ? (kept.value ?? value) : value;
}

/** The newest value, for effects that must not run again when it changes. */
function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}

function usePaging(threadId: string, queryKey: readonly unknown[], log: ThreadLog | undefined) {
  const { chatter } = useServices();
  const queries = useQueryClient();
  const busy = useRef(false);
  const current = useLatest({ log, queryKey });
  const page = useCallback(
    async (load: typeof loadBefore) => {
      const { log: now, queryKey: key } = current.current;
      if (busy.current || !now) return;
      busy.current = true;
      try {
        const change = await load(chatter, threadId, now);
        queries.setQueryData<ThreadLog>(key, (latest) => latest && change(latest));
      } catch {
        // Scrolling on asks again; the stream's banner tells why it may not work.
      } finally {
        busy.current = false;
      }
    },
    [chatter, current, queries, threadId],
  );
  const loadOlder = useCallback(() => page(loadBefore), [page]);
  const loadNewer = useCallback(() => page(loadAfter), [page]);
  return { loadOlder, loadNewer };
}

/** Says how far the caller has read, at most every half second, and only onwards. */
function useMarkRead(threadId: string, thread: Thread | undefined, seq: bigint, hasAfter: boolean): () => void {
  const { chatter, cache, me } = useServices();
  const told = useRef({ threadId, seq: 0n });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), [threadId]);
  const known = thread?.readSeq ?? 0n;
  const unread = thread?.unreadCount ?? 0;
  return useCallback(() => {
    const due = seq > known || unread > 0;
    if (told.current.threadId !== threadId) told.current = { threadId, seq: 0n };
    if (!thread || hasAfter || !due || seq <= told.current.seq || document.visibilityState !== "visible") return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      told.current.seq = seq;
      void tellRead(chatter, threadId, seq, unread > 0).then(
        () => cache.readMark({ $typeName: "parley.thread.v1.ReadMark", threadId, seq, party: partyOf(me.id, me.name) }),
        () => (told.current.seq = 0n),
      );
    }, 500);
  }, [cache, chatter, hasAfter, known, me.id, me.name, seq, thread, threadId, unread]);
}

async function tellRead(chatter: ReturnType<typeof useServices>["chatter"], threadId: string, seq: bigint, inbox: boolean): Promise<void> {
  await chatter.markRead({ threadId, seq });
  if (inbox) await chatter.markInboxRead({ threadId });
}

function partyOf(id: string, name: string): Party {
  return { $typeName: "parley.thread.v1.Party", kind: 1, id, name };
}

/** The messages of a thread that are on their way. */
export function usePending(threadId: string): Pending[] {
  const { outbox } = useServices();
  return useSyncExternalStore(outbox.subscribe, outbox.snapshot).filter((pending) => pending.threadId === threadId);
}

/** Who types in a thread. */
export function useTypists(threadId: string): readonly Party[] {
  const { typing } = useServices();
  return useSyncExternalStore(typing.subscribe, () => typing.typists(threadId));
}
