/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a separator that is moved is not an hr */
import { useLocalStorage } from "@mantine/hooks";
import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useText } from "../intl/intl.tsx";
import classes from "./panes.module.css";

const LEAST = 260;
const MOST = 520;

interface PanesProps {
  list: ReactNode;
  listLabel: string;
  children: ReactNode;
  context?: ReactNode;
  contextLabel?: string;
  /** On narrow screens only one is shown: the main part if this is true. */
  detail: boolean;
}

/** List, main part and context side by side; one at a time where it is narrow. */
export function Panes({ list, listLabel, children, context, contextLabel, detail }: PanesProps) {
  const [width, setWidth] = useLocalStorage({ key: "parley.list", defaultValue: 340, getInitialValueInEffect: false });
  return (
    <div className={classes.panes} data-detail={detail} style={{ "--list": `${width}px` }}>
      <section className={classes.list} aria-label={listLabel}>{list}</section>
      <Divider width={width} onChange={setWidth} />
      <div className={classes.main}>{children}</div>
      {context && <aside className={classes.context} aria-label={contextLabel}>{context}</aside>}
    </div>
  );
}

function Divider({ width, onChange }: { width: number; onChange: (width: number) => void }) {
  const t = useText();
  const from = useRef<{ x: number; width: number } | null>(null);
  const limit = (wish: number): number => Math.min(MOST, Math.max(LEAST, Math.round(wish)));

  /** Which way the list grows: to the right, or to the left where the script runs so. */
  const sign = (event: { currentTarget: HTMLDivElement }): number => (getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1);

  function move(event: PointerEvent<HTMLDivElement>): void {
    if (!from.current) return;
    onChange(limit(from.current.width + sign(event) * (event.clientX - from.current.x)));
  }

  function key(event: KeyboardEvent<HTMLDivElement>): void {
    const step = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
    if (step !== 0) onChange(limit(width + sign(event) * step));
  }

  return (
    <div
      className={classes.divider}
      role="separator"
      aria-orientation="vertical"
      aria-label={t("list.resize")}
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onKeyDown={key}
      onPointerDown={(event) => {
        from.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => (from.current = null)}
      onDoubleClick={() => onChange(340)}
    />
  );
}
