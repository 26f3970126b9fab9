import { useMemo, type RefObject } from "react";

/** Holds the row that the reader looks at in its place while rows come and go. */
export interface Anchor {
  /** Notes which row is first in view, and where. */
  remember: () => void;
  /** Scrolls so that the row is where it was. */
  restore: () => void;
}

/** An anchor for a scrolling box whose rows carry data-key. */
export function useAnchor(box: RefObject<HTMLElement | null>): Anchor {
  return useMemo(() => {
    let held: { key: string; top: number } | undefined;
    return {
      remember() {
        held = firstInView(box.current);
      },
      restore() {
        const element = box.current;
        if (!element || !held) return;
        const row = element.querySelector(`[data-key="${CSS.escape(held.key)}"]`);
        if (row) element.scrollTop += row.getBoundingClientRect().top - held.top;
      },
    };
  }, [box]);
}

function firstInView(box: HTMLElement | null): { key: string; top: number } | undefined {
  if (!box) return undefined;
  const edge = box.getBoundingClientRect().top;
  for (const row of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > edge) return { key: row.dataset["key"] ?? "", top };
  }
  return undefined;
}
