import { DndContext, DragOverlay, type DragEndEvent, type DragStartEvent } from "@dnd-kit/core";
import { Badge, Skeleton } from "@mantine/core";
import { useDroppable } from "@dnd-kit/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useIntl, type IntlShape } from "react-intl";
import { FieldType, RecordService, type Field, type Record as ParleyRecord, type RecordGroup, type RecordType } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { FailureLine } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { cardsOf, columnCel } from "./board.ts";
import { CARD_HEIGHT, Card, CardFace, type CardParts } from "./board-card.tsx";
import { collision, useBoardSensors, useBoardWords } from "./board-drag.ts";
import type { Moves } from "./use-moves.ts";
import { badgeColor, moneyText } from "./values.tsx";
import classes from "./board.module.css";

/** How many cards a column loads at a time. */
const PAGE = 25;

interface BoardProps {
  type: RecordType;
  by: Field;
  filter: string;
  sort: string;
  groups: RecordGroup[];
  sumField: string;
  moves: Moves;
}

/** The columns, and the card that is carried from one to another. */
export function Board({ type, by, filter, sort, groups, sumField, moves }: BoardProps) {
  const t = useText();
  const [carried, setCarried] = useState<ParleyRecord>();
  const sensors = useBoardSensors();
  const labels = useMemo(() => new Map(groups.map((group) => [group.value, columnLabel(group, by, t)])), [by, groups, t]);
  const accessibility = useBoardWords(labels);
  const parts = useMemo(() => partsOf(type, by, sumField), [by, sumField, type]);

  function drop({ active, over }: DragEndEvent): void {
    setCarried(undefined);
    const record = recordOf(active.data.current);
    if (record && over) moves.move(record, valueIn(active.data.current), String(over.id).slice(1));
  }

  return (
    <DndContext
      sensors={sensors}
      collisionDetection={collision}
      accessibility={accessibility}
      onDragStart={({ active }: DragStartEvent) => setCarried(recordOf(active.data.current))}
      onDragEnd={drop}
      onDragCancel={() => setCarried(undefined)}
    >
      <div className={classes.board} data-carrying={carried !== undefined}>
        {groups.map((group) => (
          <Column
            key={group.value}
            type={type}
            group={group}
            label={labels.get(group.value) ?? ""}
            color={by.options.find((option) => option.value === group.value)?.color}
            by={by}
            filter={filter}
            sort={sort}
            parts={parts}
            moves={moves}
          />
        ))}
      </div>
      <DragOverlay dropAnimation={null}>{carried && <CardFace record={carried} parts={parts} carried />}</DragOverlay>
    </DndContext>
  );
}

function columnLabel(group: RecordGroup, by: Field, t: ReturnType<typeof useText>): string {
  if (group.value === "") return t("board.unset");
  if (by.type === FieldType.BOOLEAN) return group.value === "true" ? t("value.yes") : t("value.no");
  return group.label || t("board.unknown");
}

function recordOf(data: Record<string, unknown> | undefined): ParleyRecord | undefined {
  const record = data?.["record"];
  return isRecord(record) ? record : undefined;
}

function isRecord(value: unknown): value is ParleyRecord {
  return typeof value === "object" && value !== null && "$typeName" in value && value.$typeName === "parley.record.v1.Record";
}

function valueIn(data: Record<string, unknown> | undefined): string {
  return typeof data?.["value"] === "string" ? data["value"] : "";
}

/** What of a type's fields a card shows. */
function partsOf(type: RecordType, by: Field, sumField: string): CardParts {
  const find = (name: string): Field | undefined => type.fields.find((field) => field.name === name && field !== by);
  const others = [find(sumField), type.fields.find((field) => field.type === FieldType.DATE)];
  return { about: find(type.customerField), facts: others.filter((field) => field !== undefined), assignee: find(type.assigneeField) };
}

interface ColumnProps extends Omit<BoardProps, "groups" | "sumField"> {
  group: RecordGroup;
  label: string;
  color: string | undefined;
  parts: CardParts;
}

function Column({ type, group, label, color, by, filter, sort, parts, moves }: ColumnProps) {
  const t = useText();
  const intl = useIntl();
  const { setNodeRef, isOver } = useDroppable({ id: `=${group.value}` });
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    RecordService.method.listRecords,
    { type: type.name, filter: columnFilter(filter, by, group.value), orderBy: sort, pageSize: PAGE, pageToken: "" },
    { ...byPageToken, placeholderData: keepPreviousData },
  );
  const cards = useMemo(() => cardsOf(data?.pages.flatMap((page) => page.records) ?? [], group.value, moves.list), [data, group.value, moves.list]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  return (
    <section ref={setNodeRef} className={classes.column} data-over={isOver} aria-label={label}>
      <header className={classes.head}>
        <Badge color={badgeColor(color)} className={classes.label}>{label}</Badge>
        <span className={classes.count}>{intl.formatNumber(group.count)}</span>
        <span className={classes.sum} title={sumText(intl, group)}>{sumText(intl, group)}</span>
      </header>
      {error && <FailureLine error={error} retry={() => void refetch()} />}
      {isPending && <CardSkeletons />}
      {data && cards.length === 0 && <p className={classes.none}>{t("board.empty")}</p>}
      {cards.length > 0 && (
        <VirtualList items={cards} keyOf={(record) => record.id} height={CARD_HEIGHT} label={label} selected={-1} onEnd={more}>
          {(record) => <Card record={record} value={group.value} parts={parts} moving={moves.list.some((move) => move.record.id === record.id)} />}
        </VirtualList>
      )}
    </section>
  );
}

/** The condition of a column: its own part stands last, in parentheses. */
function columnFilter(filter: string, by: Field, value: string): string {
  const own = `(${columnCel(by, value)})`;
  return filter === "" ? own : `(${filter}) && ${own}`;
}

function sumText(intl: IntlShape, group: RecordGroup): string {
  return group.sums.map((sum) => moneyText(intl, sum)).join(" · ");
}

function CardSkeletons() {
  return Array.from({ length: 3 }, (_, index) => <Skeleton key={index} h={CARD_HEIGHT - 8} mx={8} mb={8} w="auto" />);
}

/** Columns of the size of what comes. */
export function BoardSkeleton({ columns }: { columns: number }) {
  const t = useText();
  return (
    <div className={classes.board} aria-busy aria-label={t("state.loading")}>
      {Array.from({ length: columns }, (_, index) => (
        <div key={index} className={classes.column}>
          <div className={classes.head}><Skeleton h={20} w={90} /></div>
          <CardSkeletons />
        </div>
      ))}
    </div>
  );
}
