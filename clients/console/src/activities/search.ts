import { isDay, type Day, type Span } from "./days.ts";

/** The ways to look at what is planned. */
export const ACTIVITY_VIEWS = ["list", "table", "calendar"] as const;
export type ActivityViewName = (typeof ACTIVITY_VIEWS)[number];

/** What the address of the activities page holds. */
export interface ActivitiesSearch {
  view?: ActivityViewName;
  /** Name of a record type. */
  type?: string;
  /** True for everybody's, not the caller's own only. */
  all?: true;
  /** A day that the calendar shows, and how far it reaches. */
  day?: Day;
  span?: Span;
}

/** Reads it; what makes no sense is left out. */
export function activitiesSearch(raw: Record<string, unknown>): ActivitiesSearch {
  const { view, type, all, day, span } = raw;
  return {
    view: ACTIVITY_VIEWS.find((name) => name === view),
    type: typeof type === "string" && type !== "" ? type : undefined,
    all: all === true ? true : undefined,
    day: typeof day === "string" && isDay(day) ? day : undefined,
    span: span === "week" || span === "month" ? span : undefined,
  };
}
