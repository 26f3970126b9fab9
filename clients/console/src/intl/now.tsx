import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

const STEP_MS = 30_000;

const Now = createContext(0);

/** Keeps the time for everything below: one clock, not one for each line. */
export function Clock({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), STEP_MS);
    return () => clearInterval(timer);
  }, []);
  return <Now value={now}>{children}</Now>;
}

/** The current time, to half a minute. */
export function useNow(): number {
  return useContext(Now);
}
