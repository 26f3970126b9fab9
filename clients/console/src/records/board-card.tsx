import { useDraggable } from "@dnd-kit/core";
import { Link } from "@tanstack/react-router";
import { useIntl } from "react-intl";
import type { Field, Record as ParleyRecord } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Face } from "../ui/person.tsx";
import { valueText } from "./values.tsx";
import classes from "./board.module.css";

/** How high a card is with the gap below it, in pixels. */
export const CARD_HEIGHT = 104;

/** The fields that a card shows. */
export interface CardParts {
  /** Who or what it is about. */
  about: Field | undefined;
  facts: Field[];
  assignee: Field | undefined;
}

interface CardProps {
  record: ParleyRecord;
  parts: CardParts;
}

/** A card that leads to its record, and can be carried to another column. */
export function Card({ record, value, parts, moving }: CardProps & { value: string; moving: boolean }) {
  const t = useText();
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, isDragging } = useDraggable({
    id: record.id,
    data: { record, value },
    attributes: { role: "link", roleDescription: t("board.card") },
  });
  return (
    <div ref={setNodeRef} className={classes.place} data-carried={isDragging}>
      <CardFace record={record} parts={parts} moving={moving}>
        <Link
          to="/records/$type/$recordId"
          params={{ type: record.type, recordId: record.id }}
          ref={setActivatorNodeRef}
          className={classes.link}
          draggable={false}
          {...attributes}
          {...listeners}
        >
          {record.title || t("record.untitled")}
        </Link>
      </CardFace>
    </div>
  );
}

/** What a card looks like, also while it is carried. */
export function CardFace({ record, parts, moving = false, carried = false, children }: CardProps & { moving?: boolean; carried?: boolean; children?: React.ReactNode }) {
  const t = useText();
  const intl = useIntl();
  const { about, facts, assignee } = parts;
  const person = assignee && record.fields?.[assignee.name];
  const name = (assignee && record.display[assignee.name]) ?? "";
  const texts = facts.map((field) => ({ name: field.name, text: valueText(intl, field, record) })).filter((fact) => fact.text !== "");
  return (
    <article className={classes.card} data-moving={moving} data-lifted={carried}>
      <span className={classes.title} dir="auto">{children ?? (record.title || t("record.untitled"))}</span>
      <span className={classes.about}>{about ? record.display[about.name] : ""}</span>
      <span className={classes.foot}>
        {texts.map((fact) => <span key={fact.name} className={classes.fact}>{fact.text}</span>)}
        {typeof person === "string" && <span className={classes.face} title={name}><Face id={person} name={name} size={22} /><span className="sr-only">{name}</span></span>}
      </span>
    </article>
  );
}
