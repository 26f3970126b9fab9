import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Conversation } from "../core/conversation.ts";
import type { State, Store } from "../core/store.ts";
import type { Words } from "../words/words.ts";
import type { Upload, Uploads } from "./uploads.ts";

/** What every part of the panel works with. */
export interface App {
  conversation: Conversation;
  store: Store;
  uploads: Uploads;
  words: Words;
  /** Storage of this tab, for the draft; undefined where it is blocked. */
  session: Storage | undefined;
  /** Closes the panel. */
  close: () => void;
  /** False for a panel that is a page of its own. */
  framed: boolean;
}

const Context = createContext<App | undefined>(undefined);

export const AppProvider = Context.Provider;

export function useApp(): App {
  const app = useContext(Context);
  if (!app) throw new Error("the panel's parts belong inside AppProvider");
  return app;
}

/** The state; what calls it is drawn anew when the state changes. */
export function useShown(store: Store): State {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.watch(() => setState(store.state));
  }, [store]);
  return state;
}

/** The files of the message being written; what calls it is drawn anew when they change. */
export function useUploads(): readonly Upload[] {
  const { uploads } = useApp();
  const [items, setItems] = useState(uploads.items);
  useEffect(() => uploads.watch(() => setItems(uploads.items)), [uploads]);
  return items;
}
