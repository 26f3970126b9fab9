import { useCallback, useEffect, useMemo, useRef } from "react";
import { useServices } from "../services.tsx";

/** Tells the others of the typing every three seconds, and when it ends. */
export function useTypingSignal(threadId: string, internal: boolean): { go: () => void; stop: () => void } {
  const { chatter } = useServices();
  const last = useRef(0);
  const stop = useCallback(() => {
    if (last.current === 0) return;
    last.current = 0;
    void chatter.setTyping({ threadId, internal, stopped: true }).catch(() => undefined);
  }, [chatter, internal, threadId]);
  const go = useCallback(() => {
    if (Date.now() - last.current < 3_000) return;
    last.current = Date.now();
    void chatter.setTyping({ threadId, internal, stopped: false }).catch(() => undefined);
  }, [chatter, internal, threadId]);
  useEffect(() => stop, [stop]);
  return useMemo(() => ({ go, stop }), [go, stop]);
}
