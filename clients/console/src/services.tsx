import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import {
  ChatterService,
  FileService,
  IdentityService,
  LiveService,
  Role,
  type User,
  type Workspace,
} from "./api/contract.ts";
import type { SessionStore } from "./api/session.ts";
import { withoutRetry } from "./api/transport.ts";
import { pause } from "@parley/client";
import { LiveCache } from "./live/cache.ts";
import { LiveEngine, type LiveStatus } from "./live/engine.ts";
import { sharing } from "./live/shared.ts";
import { TypingStore } from "./live/typing.ts";
import { storageOf } from "./storage.ts";
import { DraftStore } from "./thread/drafts.ts";
import { Journal } from "./thread/journal.ts";
import { Outbox } from "./thread/outbox.ts";
import { Uploader } from "./thread/upload.ts";

/** What the pages of a signed-in user work with. */
export interface Services {
  me: User;
  workspace: Workspace;
  /** True for those who answer live chats. */
  agent: boolean;
  transport: Transport;
  session: SessionStore;
  chatter: Client<typeof ChatterService>;
  live: Client<typeof LiveService>;
  engine: LiveEngine;
  cache: LiveCache;
  typing: TypingStore;
  journal: Journal;
  outbox: Outbox;
  drafts: DraftStore;
  uploader: Uploader;
}

const Context = createContext<Services | null>(null);

/** The services of the signed-in user. */
export function useServices(): Services {
  const services = useContext(Context);
  if (!services) throw new Error("services are there only for signed-in users");
  return services;
}

/** How long an attempt to post may take, in milliseconds. */
const POST_MS = 10_000;

/** Resolves after a while, or as soon as the signal aborts. */
function napping(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function build(queries: QueryClient, transport: Transport, session: SessionStore, me: User, workspace: Workspace): Services {
  const chatter = createClient(ChatterService, transport);
  const live = createClient(LiveService, transport);
  const typing = new TypingStore();
  const storage = storageOf(me.id, globalThis.localStorage);
  const journal = new Journal();
  const agent = me.role === Role.AGENT || me.role === Role.ADMINISTRATOR;
  const outbox: Outbox = new Outbox({
    post: async (request, signal) => {
      const { message } = await chatter.postMessage(request, withoutRetry({ signal, timeoutMs: POST_MS }));
      if (!message) throw new Error("the server answered no message");
      return message;
    },
    sent: (message) => cache.message(message),
    wait: (failures, signal) => napping(pause(failures, { mostMs: 5_000 }), signal),
    storage,
  });
  const cache: LiveCache = new LiveCache({
    queries,
    self: me.id,
    typing,
    journal,
    arrived: (requestId) => outbox.arrived(requestId),
    refused: () => session.set(null),
  });
  const shares = sharing();
  const engine = new LiveEngine(live, cache, { chats: agent, shared: shares && { name: `parley.live.${me.id}`, sharing: shares } });
  const uploader = new Uploader(createClient(FileService, transport));
  const drafts = new DraftStore(storage);
  return { me, workspace, agent, transport, session, chatter, live, engine, cache, typing, journal, outbox, drafts, uploader };
}

/** Makes the services of whoever is signed in, and keeps their stream open. */
export function ServicesProvider(props: { session: SessionStore; me: User; workspace: Workspace; children: ReactNode }) {
  const { session, me, workspace, children } = props;
  const queries = useQueryClient();
  const transport = useTransport();
  // Another name or role makes new services only with another user.
  const base = useMemo(() => build(queries, transport, session, me, workspace), [me.id, me.role, transport]); // oxlint-disable-line react-hooks/exhaustive-deps -- see above
  const services = useMemo(() => ({ ...base, me, workspace }), [base, me, workspace]);
  useEffect(() => {
    const stop = base.engine.start();
    const resume = (): void => base.outbox.resume();
    const forget = base.engine.subscribe(() => {
      if (base.engine.status().state === "open") resume();
    });
    globalThis.addEventListener("online", resume);
    return () => {
      globalThis.removeEventListener("online", resume);
      forget();
      stop();
    };
  }, [base]);
  return <Context value={services}>{children}</Context>;
}

/** Who the caller is. */
export function useCaller() {
  return useQuery(IdentityService.method.getCaller, {}, { staleTime: 300_000 });
}

/** How the stream is. */
export function useLiveStatus(): LiveStatus {
  const { engine } = useServices();
  return useSyncExternalStore(engine.subscribe, engine.status);
}
