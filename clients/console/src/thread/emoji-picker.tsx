import { Popover, Skeleton } from "@mantine/core";
import { lazy, Suspense, useState, type ReactElement } from "react";

const EmojiGrid = lazy(() => import("./emoji-grid.tsx"));

/** Lets one choose an emoji; the list comes when it is first asked for. */
export function EmojiPicker({ onPick, opened = false, children }: { onPick: (emoji: string) => void; opened?: boolean; children: (open: boolean, toggle: () => void) => ReactElement }) {
  const [open, setOpen] = useState(opened);
  return (
    <Popover opened={open} onChange={setOpen} position="top-start" trapFocus withinPortal>
      <Popover.Target>{children(open, () => setOpen(!open))}</Popover.Target>
      <Popover.Dropdown p={8}>
        <Suspense fallback={<Skeleton w={264} h={220} />}>
          <EmojiGrid
            onPick={(emoji) => {
              setOpen(false);
              onPick(emoji);
            }}
          />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
