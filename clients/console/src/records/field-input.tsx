import type { JsonValue } from "@bufbuild/protobuf";
import { Autocomplete, Checkbox, Group, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useIntl } from "react-intl";
import { FieldType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { DateField, DateTimeField } from "./date-input.tsx";
import { commonProps, type FieldInputProps } from "./field-props.ts";
import { ReferenceInput } from "./reference-input.tsx";
import { toMoney } from "./values.tsx";

const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "PLN", "SEK", "DKK", "NOK", "JPY", "CAD", "AUD"];

/** The input for a field, by its type. */
export function FieldInput(props: FieldInputProps) {
  switch (props.field.type) {
    case FieldType.LONG_TEXT:
      return <LongText {...props} />;
    case FieldType.INTEGER:
    case FieldType.DECIMAL:
      return <NumberField {...props} />;
    case FieldType.MONEY:
      return <MoneyField {...props} />;
    case FieldType.BOOLEAN:
      return <YesNo {...props} />;
    case FieldType.DATE:
      return <DateField {...props} />;
    case FieldType.DATETIME:
      return <DateTimeField {...props} />;
    case FieldType.SELECTION:
      return <Selection {...props} />;
    case FieldType.REFERENCE:
    case FieldType.REFERENCES:
      return <ReferenceInput {...props} />;
    default:
      return <Line {...props} />;
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function orNothing(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : trimmed;
}

const KINDS: Partial<Record<FieldType, string>> = { [FieldType.EMAIL]: "email", [FieldType.PHONE]: "tel", [FieldType.URL]: "url" };

function Line(props: FieldInputProps) {
  const { value, onChange, onCommit, field } = props;
  return (
    <TextInput
      {...commonProps(props)}
      type={KINDS[field.type] ?? "text"}
      value={textOf(value)}
      maxLength={1_000}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={(event) => onCommit(orNothing(event.currentTarget.value))}
      onKeyDown={(event) => {
        if (event.key === "Enter") onCommit(orNothing(event.currentTarget.value));
      }}
    />
  );
}

function LongText(props: FieldInputProps) {
  const { value, onChange, onCommit } = props;
  return (
    <Textarea
      {...commonProps(props)}
      autosize
      minRows={3}
      maxRows={14}
      value={textOf(value)}
      maxLength={100_000}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={(event) => onCommit(orNothing(event.currentTarget.value))}
    />
  );
}

/** The signs that numbers are written with in a locale. */
function useSigns(): { decimal: string; group: string } {
  const intl = useIntl();
  const parts = new Intl.NumberFormat(intl.locale).formatToParts(1_234_567.8);
  return {
    decimal: parts.find((part) => part.type === "decimal")?.value ?? ".",
    group: parts.find((part) => part.type === "group")?.value ?? "",
  };
}

function NumberField(props: FieldInputProps) {
  const { field, value, onChange, onCommit } = props;
  const signs = useSigns();
  const whole = field.type === FieldType.INTEGER;
  const read = (next: string | number | bigint): JsonValue | undefined => {
    if (next === "") return undefined;
    return whole ? Number(next) : String(next);
  };
  return (
    <NumberInput
      {...commonProps(props)}
      hideControls
      allowDecimal={!whole}
      decimalSeparator={signs.decimal}
      thousandSeparator={signs.group}
      value={textOf(value)}
      onChange={(next) => onChange(read(next))}
      onBlur={() => onCommit(value)}
    />
  );
}

function MoneyField(props: FieldInputProps) {
  const { value, onChange, onCommit } = props;
  const signs = useSigns();
  const money = toMoney(value) ?? { amount: "", currency: "EUR" };
  const toValue = (amount: string, currency: string): JsonValue | undefined => (amount === "" ? undefined : { amount, currency });
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <NumberInput
        {...commonProps(props)}
        flex={1}
        hideControls
        decimalSeparator={signs.decimal}
        thousandSeparator={signs.group}
        value={money.amount}
        onChange={(next) => onChange(toValue(String(next), money.currency))}
        onBlur={() => onCommit(value)}
      />
      <Autocomplete
        w={88}
        size="sm"
        aria-label={props.field.label}
        disabled={props.disabled}
        data={CURRENCIES}
        maxLength={3}
        value={money.currency}
        onChange={(currency) => {
          const next = toValue(money.amount, currency.toUpperCase());
          if (next === undefined) return;
          if (/^[A-Z]{3}$/u.test(currency.toUpperCase())) onCommit(next);
          else onChange(next);
        }}
      />
    </Group>
  );
}

function YesNo(props: FieldInputProps) {
  const { field, value, error, disabled, onChange, onCommit } = props;
  return (
    <Checkbox
      mt={26}
      label={field.label}
      error={error}
      disabled={disabled}
      checked={value === true}
      onChange={(event) => {
        onChange(event.currentTarget.checked);
        onCommit(event.currentTarget.checked);
      }}
    />
  );
}

function Selection(props: FieldInputProps) {
  const t = useText();
  const { field, value, onChange, onCommit } = props;
  return (
    <Select
      {...commonProps(props)}
      clearable={!field.required}
      clearButtonProps={{ "aria-label": t("action.clear", { field: field.label }) }}
      allowDeselect={false}
      searchable={field.options.length > 8}
      data={field.options.map((option) => ({ value: option.value, label: option.label }))}
      value={textOf(value) || null}
      onChange={(next) => {
        onChange(next ?? undefined);
        onCommit(next ?? undefined);
      }}
    />
  );
}
