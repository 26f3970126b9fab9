import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";
import classes from "./virtual-list.module.css";

interface VirtualListProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  height: number;
  label: string;
  /** The row to keep in view. */
  selected: number;
  children: (item: T, index: number) => ReactNode;
  /** Called when the end comes near. */
  onEnd?: () => void;
}

/** Rows of one height, of which only those in view are there. */
export function VirtualList<T>({ items, keyOf, height, label, selected, children, onEnd }: VirtualListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
  });
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && last >= items.length - 5) onEnd?.();
  }, [last, items.length, onEnd]);
  useEffect(() => {
    if (selected >= 0) virtualizer.scrollToIndex(selected, { align: "auto" });
  }, [selected, virtualizer]);
  return (
    <div ref={box} className={classes.box}>
      <ul className={classes.rows} aria-label={label} style={{ blockSize: virtualizer.getTotalSize() }}>
        {rows.map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          return (
            <li key={row.key} className={classes.row} style={{ blockSize: height, transform: `translateY(${row.start}px)` }}>
              {children(item, row.index)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
