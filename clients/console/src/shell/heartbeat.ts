import { useEffect } from "react";
import { useServices } from "../services.tsx";

const MINUTE = 60_000;
const SIGNS = ["pointerdown", "keydown", "wheel", "pointermove"] as const;

/** Tells the server each minute whether the user is active, and at once after a pause. */
export function useHeartbeat(): void {
  const { live } = useServices();
  useEffect(() => {
    let active = false;
    let last = 0;
    const beat = (): void => {
      last = Date.now();
      // A beat that is lost is made good by the next one.
      void live.heartbeat({ active }).catch(() => undefined);
      active = false;
    };
    const sign = (): void => {
      active = true;
      if (Date.now() - last > MINUTE) beat();
    };
    const timer = setInterval(beat, MINUTE);
    for (const kind of SIGNS) document.addEventListener(kind, sign, { passive: true });
    return () => {
      clearInterval(timer);
      for (const kind of SIGNS) document.removeEventListener(kind, sign);
    };
  }, [live]);
}
