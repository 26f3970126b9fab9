import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Activity } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { PartyFace } from "../ui/person.tsx";
import classes from "./activities.module.css";
import { ActivityMenu } from "./activity-card.tsx";
import { DueWord } from "./due-word.tsx";
import { titleOf, urgencyOf, type Line } from "./group.ts";
import { ActivityIcon } from "./icon.tsx";

/** The height of a line of a grouped list, in pixels. */
export const LINE_HEIGHT = 58;

/** A name for each line of a grouped list. */
export function keyOfLine(line: Line): string {
  return line.kind === "head" ? line.urgency : line.activity.id;
}

/** A heading of a grouped list. */
export function LineHead({ line }: { line: Extract<Line, { kind: "head" }> }) {
  const t = useText();
  return <div className={classes.head} data-urgency={line.urgency}>{t(`activity.${line.urgency}`)} <span className="numeric">{line.count}</span></div>;
}

interface ActivityLineProps {
  activity: Activity;
  selected?: boolean;
  /** Shows whose it is. */
  assignee?: boolean;
  /** What the line leads to; unset: the record. */
  link?: (props: { className: string; children: ReactNode }) => ReactNode;
}

/** One activity of a list. */
export function ActivityLine({ activity, selected = false, assignee = false, link }: ActivityLineProps) {
  const inner = (
    <>
      <span className={classes.clip} style={{ display: "block" }}>{titleOf(activity)}</span>
      <span className={classes.lineBelow}>
        <span className={classes.clip}>{activity.recordTitle}</span>
        <DueWord activity={activity} />
      </span>
    </>
  );
  return (
    <div className={classes.line} data-urgency={urgencyOf(activity.state)} data-selected={selected}>
      <span className={classes.icon}><ActivityIcon icon={activity.icon} /></span>
      {link ? link({ className: classes.lineText ?? "", children: inner }) : <RecordLink activity={activity}>{inner}</RecordLink>}
      {assignee && <span title={activity.assignee?.name}><PartyFace party={activity.assignee} size={24} /><span className="sr-only">{activity.assignee?.name}</span></span>}
      <span className={classes.lineActions}><ActivityMenu activity={activity} /></span>
    </div>
  );
}

function RecordLink({ activity, children }: { activity: Activity; children: ReactNode }) {
  return <Link to="/records/$type/$recordId" params={{ type: activity.recordType, recordId: activity.recordId }} className={classes.lineText}>{children}</Link>;
}
