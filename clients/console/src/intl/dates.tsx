import { DatesProvider } from "@mantine/dates";
import "@mantine/dates/styles.css";
import dayjs from "dayjs";
import customParseFormat from "dayjs/plugin/customParseFormat";
import { useMemo, type ReactNode } from "react";
import { useIntl } from "react-intl";
import { firstDayOf, weekendOf } from "./locale.ts";
import { dayPattern, hasHalfDays, namesOf, timePattern } from "./patterns.ts";

dayjs.extend(customParseFormat);

/** How pickers write and read a day and a moment. */
export interface DateFormats {
  day: string;
  moment: string;
  /** The hours of a day, counted once to 24 or twice to 12. */
  clock: "12h" | "24h";
}

interface LocalDatesProps {
  children: ReactNode | ((formats: DateFormats) => ReactNode);
}

/** Pickers and calendars below have the locale's names, its first day of the week and its order of day, month and year. */
export function LocalDates({ children }: LocalDatesProps) {
  const { locale } = useIntl();
  const { settings, formats } = useMemo(() => {
    const name = locale.toLowerCase();
    dayjs.locale({ name, ...namesOf(locale), weekStart: firstDayOf(locale), ordinal: String, formats: {}, relativeTime: {} }, undefined, true);
    const day = dayPattern(locale);
    return {
      settings: { locale: name, firstDayOfWeek: firstDayOf(locale), weekendDays: weekendOf(locale) },
      formats: { day, moment: `${day} ${timePattern(locale)}`, clock: hasHalfDays(locale) ? "12h" : "24h" } as const,
    };
  }, [locale]);
  return <DatesProvider settings={settings}>{typeof children === "function" ? children(formats) : children}</DatesProvider>;
}
