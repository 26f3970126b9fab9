import { DateInput, DateTimePicker, DatesProvider } from "@mantine/dates";
import "@mantine/dates/styles.css";
import dayjs from "dayjs";
import "dayjs/locale/de";
import customParseFormat from "dayjs/plugin/customParseFormat";
import { useIntl } from "react-intl";
import type { ReactNode } from "react";
import { languageFor, useText } from "../intl/intl.tsx";
import { commonProps, type FieldInputProps } from "./field-props.ts";

dayjs.extend(customParseFormat);

/** How dates are written by locale. */
const FORMATS: Record<string, string> = { de: "DD.MM.YYYY", en: "DD MMM YYYY" };

function Localized({ children }: { children: (format: string) => ReactNode }) {
  const { locale } = useIntl();
  const language = languageFor([locale]);
  return <DatesProvider settings={{ locale: language, firstDayOfWeek: locale === "en-US" ? 0 : 1 }}>{children(FORMATS[language] ?? "YYYY-MM-DD")}</DatesProvider>;
}

/** A day. */
export function DateField(props: FieldInputProps) {
  const { value, field, onChange, onCommit } = props;
  const t = useText();
  return (
    <Localized>
      {(format) => (
        <DateInput
          {...commonProps(props)}
          clearable={!field.required}
          clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
          valueFormat={format}
          value={typeof value === "string" ? value : null}
          onChange={(next) => {
            onChange(next ?? undefined);
            onCommit(next ?? undefined);
          }}
        />
      )}
    </Localized>
  );
}

/** A moment, in the time zone of the browser. */
export function DateTimeField(props: FieldInputProps) {
  const { value, field, onChange, onCommit } = props;
  const t = useText();
  return (
    <Localized>
      {(format) => (
        <DateTimePicker
          {...commonProps(props)}
          clearable={!field.required}
          clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
          valueFormat={`${format} HH:mm`}
          value={typeof value === "string" ? dayjs(value).format("YYYY-MM-DD HH:mm:ss") : null}
          onChange={(next) => {
            const moment = next ? dayjs(next, "YYYY-MM-DD HH:mm:ss").toISOString() : undefined;
            onChange(moment);
            onCommit(moment);
          }}
        />
      )}
    </Localized>
  );
}
