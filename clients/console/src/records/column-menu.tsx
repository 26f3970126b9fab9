import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors, type DragEndEvent } from "@dnd-kit/core";
import { arrayMove, SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { Button, Checkbox, Popover, ScrollArea } from "@mantine/core";
import { IconColumns3, IconGripVertical } from "@tabler/icons-react";
import { useState } from "react";
import type { Field, RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import type { Columns } from "./columns.ts";
import classes from "./records.module.css";

/** Chooses the columns of a table and their order. */
export function ColumnMenu({ type, columns }: { type: RecordType; columns: Columns }) {
  const t = useText();
  const [opened, setOpened] = useState(false);
  return (
    <Popover position="bottom-end" trapFocus opened={opened} onChange={setOpened} width={260}>
      <Popover.Target>
        <IconButton label={t("records.columns")} visibleFrom="sm" quiet={opened} onClick={() => setOpened(!opened)}><IconColumns3 size={17} stroke={1.7} /></IconButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <ScrollArea.Autosize mah={340}>
          <ColumnList key={type.name} columns={columns} />
        </ScrollArea.Autosize>
        {columns.reset && <Button variant="subtle" fullWidth mt={4} onClick={columns.reset}>{t("records.columnsReset")}</Button>}
      </Popover.Dropdown>
    </Popover>
  );
}

function ColumnList({ columns }: { columns: Columns }) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  // The list keeps its order while it is open: nothing jumps when it is ticked.
  const [order, setOrder] = useState(() => columns.all.map((field) => field.name));
  const shown = columns.shown.map((field) => field.name);
  const fields = order.flatMap((name) => columns.all.find((field) => field.name === name) ?? []);

  function choose(names: string[], ticked: readonly string[]): void {
    columns.set(names.filter((name) => ticked.includes(name)));
  }

  function drop({ active, over }: DragEndEvent): void {
    if (!over || active.id === over.id) return;
    const next = arrayMove(order, order.indexOf(String(active.id)), order.indexOf(String(over.id)));
    setOrder(next);
    choose(next, shown);
  }

  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={drop}>
      <SortableContext items={order} strategy={verticalListSortingStrategy}>
        {fields.map((field) => (
          <ColumnRow
            key={field.name}
            field={field}
            checked={shown.includes(field.name)}
            onChange={(on) => choose(order, on ? [...shown, field.name] : shown.filter((name) => name !== field.name))}
          />
        ))}
      </SortableContext>
    </DndContext>
  );
}

function ColumnRow({ field, checked, onChange }: { field: Field; checked: boolean; onChange: (on: boolean) => void }) {
  const t = useText();
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: field.name });
  const style = { transform: transform ? `translateY(${transform.y}px)` : undefined, transition };
  return (
    <div ref={setNodeRef} className={classes.columnRow} style={style} data-dragging={isDragging}>
      <Checkbox size="xs" label={field.label} checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} flex={1} />
      <button type="button" ref={setActivatorNodeRef} className={classes.grip} aria-label={t("records.columnMove", { field: field.label })} {...attributes} {...listeners}>
        <IconGripVertical size={15} aria-hidden />
      </button>
    </div>
  );
}
