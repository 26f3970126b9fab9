import { useLocalStorage } from "@mantine/hooks";
import { createContext, useCallback, useContext, useMemo, type ReactNode } from "react";

/** A chat that floats over the pages. */
export interface Docked {
  chatId: string;
  folded: boolean;
}

interface Dock {
  chats: readonly Docked[];
  add: (chatId: string) => void;
  remove: (chatId: string) => void;
  fold: (chatId: string, folded: boolean) => void;
}

/** At most so many windows have room. */
const MOST = 3;

const Context = createContext<Dock | null>(null);

/** Keeps which chats float, over pages and reloads. */
export function DockProvider({ userId, children }: { userId: string; children: ReactNode }) {
  const [chats, setChats] = useLocalStorage<Docked[]>({ key: `parley.dock.${userId}`, defaultValue: [], getInitialValueInEffect: false });
  const add = useCallback(
    (chatId: string) => setChats((now) => [...now.filter((one) => one.chatId !== chatId), { chatId, folded: false }].slice(-MOST)),
    [setChats],
  );
  const remove = useCallback((chatId: string) => setChats((now) => now.filter((one) => one.chatId !== chatId)), [setChats]);
  const fold = useCallback(
    (chatId: string, folded: boolean) => setChats((now) => now.map((one) => (one.chatId === chatId ? { ...one, folded } : one))),
    [setChats],
  );
  const value = useMemo(() => ({ chats, add, remove, fold }), [chats, add, remove, fold]);
  return <Context value={value}>{children}</Context>;
}

export function useDock(): Dock {
  const dock = useContext(Context);
  if (!dock) throw new Error("the dock is there only within the shell");
  return dock;
}
