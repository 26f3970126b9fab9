import { DateTimePicker } from "@mantine/dates";
import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import { LocalDates } from "../intl/dates.tsx";
import { useText } from "../intl/intl.tsx";
import { FailureLine } from "../ui/states.tsx";
import { fromPicker, morning, toPicker } from "./zone.ts";

interface SchedulePickerProps {
  zone: string;
  /** What it begins with; unset: tomorrow at eight. */
  at?: number;
  label: string;
  busy?: boolean;
  error?: unknown;
  onCancel: () => void;
  onPick: (at: number) => void;
}

/** Chooses a day and a time in the user's zone. */
export default function SchedulePicker({ zone, at, label, busy, error, onCancel, onPick }: SchedulePickerProps) {
  const t = useText();
  const [now] = useState(() => Date.now());
  const [value, setValue] = useState<string | null>(() => toPicker(at ?? morning(now, 1, zone), zone));
  const moment = fromPicker(value, zone);
  const past = moment !== undefined && moment <= now;
  return (
    <Stack gap="sm">
      <LocalDates>
        {({ moment: pattern, clock }) => (
          <DateTimePicker
            label={t("schedule.when")}
            description={zone ? t("schedule.zone", { zone: zone.replaceAll("_", " ") }) : undefined}
            valueFormat={pattern}
            timePickerProps={{ format: clock }}
            value={value}
            minDate={toPicker(now, zone)}
            maxDate={toPicker(now + 364 * 86_400_000, zone)}
            onChange={setValue}
            error={past ? t("schedule.past") : undefined}
            data-autofocus
          />
        )}
      </LocalDates>
      {error !== undefined && error !== null && <FailureLine error={error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onCancel}>{t("action.cancel")}</Button>
        <Button loading={busy} disabled={moment === undefined || past} onClick={() => moment !== undefined && onPick(moment)}>{label}</Button>
      </Group>
    </Stack>
  );
}
