import { createContext, useContext } from "react";
import type { SessionStore } from "./api/session.ts";

/** Where the session's token is kept. */
export const SessionContext = createContext<SessionStore | null>(null);

export function useSession(): SessionStore {
  const session = useContext(SessionContext);
  if (!session) throw new Error("the app provides the session");
  return session;
}
