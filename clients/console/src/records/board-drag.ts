import {
  KeyboardCode,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  useSensor,
  useSensors,
  type Active,
  type CollisionDetection,
  type DndContextProps,
  type KeyboardCoordinateGetter,
  type Over,
} from "@dnd-kit/core";
import { useMemo } from "react";
import { useText } from "../intl/intl.tsx";

/** What is under the pointer; with the keyboard, what the card lies on. */
export const collision: CollisionDetection = (args) => (args.pointerCoordinates ? pointerWithin(args) : rectIntersection(args));

/** The arrow keys lead from column to column. */
const toColumn: KeyboardCoordinateGetter = (event, { context }) => {
  const step = event.code === KeyboardCode.Right ? 1 : event.code === KeyboardCode.Left ? -1 : 0;
  if (step === 0) return undefined;
  event.preventDefault();
  const { droppableContainers, droppableRects, collisionRect, over } = context;
  const columns = droppableContainers
    .getEnabled()
    .flatMap(({ id }) => {
      const rect = droppableRects.get(id);
      return rect ? [{ id, rect }] : [];
    })
    .sort((a, b) => a.rect.left - b.rect.left);
  const at = columns.findIndex((column) => column.id === over?.id);
  const next = columns[at + step];
  return next && collisionRect ? { x: next.rect.left + 8, y: next.rect.top + 48 } : undefined;
};

/** Carrying by mouse, finger and keyboard: Space lifts and puts down, Enter still opens. */
export function useBoardSensors() {
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: toColumn,
      keyboardCodes: { start: [KeyboardCode.Space], cancel: [KeyboardCode.Esc], end: [KeyboardCode.Space, KeyboardCode.Enter] },
    }),
  );
}

/** What is read out while a card is carried. */
export function useBoardWords(labels: ReadonlyMap<string, string>): NonNullable<DndContextProps["accessibility"]> {
  const t = useText();
  return useMemo(() => {
    const column = (over: Over | null): string => labels.get(String(over?.id ?? "").slice(1)) ?? "";
    const title = (active: Active): string => {
      const record: unknown = active.data.current?.["record"];
      return typeof record === "object" && record !== null && "title" in record ? String(record.title) : "";
    };
    return {
      screenReaderInstructions: { draggable: t("board.howTo") },
      announcements: {
        onDragStart: ({ active }) => t("board.lifted", { title: title(active) }),
        onDragOver: ({ over }) => (over ? t("board.over", { column: column(over) }) : undefined),
        onDragEnd: ({ active, over }) => (over ? t("board.dropped", { title: title(active), column: column(over) }) : t("board.cancelled", { title: title(active) })),
        onDragCancel: ({ active }) => t("board.cancelled", { title: title(active) }),
      },
    };
  }, [labels, t]);
}
