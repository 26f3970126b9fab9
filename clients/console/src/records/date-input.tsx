import { DateInput, DateTimePicker } from "@mantine/dates";
import dayjs from "dayjs";
import { LocalDates } from "../intl/dates.tsx";
import { useText } from "../intl/intl.tsx";
import { commonProps, type FieldInputProps } from "./field-props.ts";

/** A day. */
export function DateField(props: FieldInputProps) {
  const { value, field, onChange, onCommit } = props;
  const t = useText();
  return (
    <LocalDates>
      {({ day }) => (
        <DateInput
          {...commonProps(props)}
          clearable={!field.required}
          clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
          valueFormat={day}
          value={typeof value === "string" ? value : null}
          onChange={(next) => {
            onChange(next ?? undefined);
            onCommit(next ?? undefined);
          }}
        />
      )}
    </LocalDates>
  );
}

/** A moment, in the time zone of the browser. */
export function DateTimeField(props: FieldInputProps) {
  const { value, field, onChange, onCommit } = props;
  const t = useText();
  return (
    <LocalDates>
      {({ moment: pattern, clock }) => (
        <DateTimePicker
          {...commonProps(props)}
          clearable={!field.required}
          clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
          valueFormat={pattern}
          timePickerProps={{ format: clock }}
          value={typeof value === "string" ? dayjs(value).format("YYYY-MM-DD HH:mm:ss") : null}
          onChange={(next) => {
            const moment = next ? dayjs(next, "YYYY-MM-DD HH:mm:ss").toISOString() : undefined;
            onChange(moment);
            onCommit(moment);
          }}
        />
      )}
    </LocalDates>
  );
}
