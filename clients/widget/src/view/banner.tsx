import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context.ts";

/** Shorter breaks are nobody's business, in milliseconds. */
const SILENT = 5_000;

/** Says that the server cannot be reached, once that has lasted. */
export function Banner({ up }: { up: boolean }): VNode {
  const { words } = useApp();
  const [online, setOnline] = useState(navigator.onLine);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  const well = up && online;
  useEffect(() => {
    if (well) return setShown(false);
    const timer = setTimeout(() => setShown(true), SILENT);
    return () => clearTimeout(timer);
  }, [well]);
  return (
    <div class="banner" role="status">
      {shown && !well && <p>{online ? words.unreachable : words.offline}</p>}
    </div>
  );
}
