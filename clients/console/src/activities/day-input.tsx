import { DateInput, type DateInputProps } from "@mantine/dates";
import { LocalDates } from "../intl/dates.tsx";
import type { Day } from "./days.ts";

type DayInputProps = Omit<DateInputProps, "value" | "onChange"> & {
  value: Day;
  onChange: (day: Day) => void;
};

/** A day, written as the locale has it. */
export function DayInput({ value, onChange, ...rest }: DayInputProps) {
  return (
    <LocalDates>
      {(formats) => <DateInput size="sm" valueFormat={formats.day} {...rest} value={value === "" ? null : value} onChange={(next) => onChange(next?.slice(0, 10) ?? "")} />}
    </LocalDates>
  );
}
