import { ActivityState, type Activity } from "../api/contract.ts";

/** How urgent planned activities are, the most urgent first. */
export const URGENCY = ["overdue", "today", "planned"] as const;
export type Urgency = (typeof URGENCY)[number];

/** How urgent an activity is, as the server judged it where the assignee lives. */
export function urgencyOf(state: ActivityState): Urgency | "done" {
  if (state === ActivityState.OVERDUE) return "overdue";
  if (state === ActivityState.TODAY) return "today";
  return state === ActivityState.DONE ? "done" : "planned";
}

/** A line of a grouped list: a heading, or an activity below it. */
export type Line = { kind: "head"; urgency: Urgency; count: number } | { kind: "activity"; activity: Activity };

/** Activities below the headings overdue, today and planned; headings without any are left out. */
export function grouped(activities: readonly Activity[]): Line[] {
  return URGENCY.flatMap((urgency): Line[] => {
    const own = activities.filter((activity) => urgencyOf(activity.state) === urgency).sort(byDueDate);
    if (own.length === 0) return [];
    return [{ kind: "head", urgency, count: own.length }, ...own.map((activity): Line => ({ kind: "activity", activity }))];
  });
}

function byDueDate(a: Activity, b: Activity): number {
  return a.dueDate.localeCompare(b.dueDate) || a.id.localeCompare(b.id);
}

/** The most urgent state among activities; undefined if there are none. */
export function mostUrgent(activities: readonly Activity[]): Urgency | undefined {
  return URGENCY.find((urgency) => activities.some((activity) => urgencyOf(activity.state) === urgency));
}

/** What an activity is called: its summary, or else its type. */
export function titleOf(activity: { summary: string; typeName: string }): string {
  return activity.summary || activity.typeName;
}
