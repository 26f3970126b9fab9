import { createContext, useContext } from "react";
import type { Message, Thread } from "../api/contract.ts";

/** What the messages of a thread need to know of it; it stays the same while the thread is shown. */
export interface ThreadPlace {
  threadId: string;
  /** True where messages have subjects, recipients and form: on records. */
  rich: boolean;
  /** Shows a message of the thread, wherever it is. */
  reveal: (seq: bigint) => void;
  /** Begins to answer a message. */
  reply: (message: Message) => void;
}

const Place = createContext<ThreadPlace | null>(null);

/** Gives the messages below their thread. */
export const ThreadPlaceProvider = Place.Provider;

/** The thread that a message is shown in. */
export function useThreadPlace(): ThreadPlace {
  const place = useContext(Place);
  if (!place) throw new Error("messages are shown in threads only");
  return place;
}

const Info = createContext<Thread | undefined>(undefined);

/** Gives what is below the thread as it is now. */
export const ThreadInfoProvider = Info.Provider;

/** The thread as it is now; undefined until it is known. */
export function useThreadInfo(): Thread | undefined {
  return useContext(Info);
}
