import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors } from "@dnd-kit/core";
import { SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { IconGripVertical } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { moved } from "./draft.ts";
import classes from "./types.module.css";

interface SortableProps<T> {
  items: readonly T[];
  onChange: (items: T[]) => void;
  children: (item: T) => ReactNode;
}

/** Things one below the other, in an order that is changed by dragging or with the keyboard. */
export function Sortable<T extends { key: string }>({ items, onChange, children }: SortableProps<T>) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={({ active, over }) => over && onChange(moved(items, String(active.id), String(over.id)))}>
      <SortableContext items={items.map((item) => item.key)} strategy={verticalListSortingStrategy}>
        {items.map((item) => children(item))}
      </SortableContext>
    </DndContext>
  );
}

/** One of them, with the handle that it is dragged by. */
export function SortableItem({ id, label, className, children }: { id: string; label: string; className?: string; children: ReactNode }) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id });
  const style = { transform: transform ? `translateY(${transform.y}px)` : undefined, transition };
  return (
    <div ref={setNodeRef} className={className} style={style} data-dragging={isDragging}>
      <button type="button" ref={setActivatorNodeRef} className={classes.grip} aria-label={label} {...attributes} {...listeners}>
        <IconGripVertical size={15} aria-hidden />
      </button>
      {children}
    </div>
  );
}
