import { upload } from "@parley/client";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { FileService } from "../api/contract.ts";
import { toFault, type Fault } from "../api/fault.ts";

/** A file on its way to a record. */
export interface Attaching {
  key: string;
  source: File;
  sent: number;
  fault?: Fault;
}

/** Sends files straight to a record's thread, one after another, and goes on where one was cut off. */
export function useAttach(threadId: string) {
  const transport = useTransport();
  const queries = useQueryClient();
  const [list, setList] = useState<readonly Attaching[]>([]);
  const aborts = useRef(new Map<string, AbortController>());
  const turn = useRef<Promise<unknown>>(Promise.resolve());

  const change = (key: string, by: Partial<Attaching>): void => setList((now) => now.map((one) => (one.key === key ? { ...one, ...by } : one)));
  const remove = (key: string): void => {
    aborts.current.get(key)?.abort();
    setList((now) => now.filter((one) => one.key !== key));
  };

  async function send({ key, source }: Attaching): Promise<void> {
    const abort = new AbortController();
    if (aborts.current.get(key)?.signal.aborted) return;
    aborts.current.set(key, abort);
    try {
      await upload(createClient(FileService, transport), {
        threadId,
        name: source.name,
        data: source,
        attach: true,
        memory: localStorage,
        signal: abort.signal,
        onProgress: (sent) => change(key, { sent }),
      });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: FileService.method.listFiles, input: { threadId }, cardinality: undefined }) });
      remove(key);
    } catch (reason) {
      if (!abort.signal.aborted) change(key, { fault: toFault(reason) });
    }
  }

  function queue(one: Attaching): void {
    turn.current = turn.current.then(() => send(one));
  }

  return {
    list,
    remove,
    add: (files: Iterable<File>) => {
      const begun = Array.from(files, (source): Attaching => ({ key: crypto.randomUUID(), source, sent: 0 }));
      setList((now) => [...now, ...begun]);
      begun.forEach(queue);
    },
    retry: (one: Attaching) => {
      change(one.key, { fault: undefined });
      queue(one);
    },
  };
}
