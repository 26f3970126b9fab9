import type { JsonValue } from "@bufbuild/protobuf";
import { Badge } from "@mantine/core";
import { IconCheck, IconMinus } from "@tabler/icons-react";
import { useIntl, type IntlShape } from "react-intl";
import { useText } from "../intl/intl.tsx";
import { Sign } from "../ui/sign.tsx";
import { FieldType, type Field, type Record as ParleyRecord } from "../api/contract.ts";

/** An amount with its currency, exact. */
export interface Money {
  amount: string;
  currency: string;
}

/** Reads a money value; undefined if it is none. */
export function toMoney(value: JsonValue | undefined): Money | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { amount, currency } = value;
  if (typeof currency !== "string" || (typeof amount !== "string" && typeof amount !== "number")) return undefined;
  return { amount: String(amount), currency };
}

/** A day without a time zone, as the local day of the same name. */
export function toDay(value: string): Date | undefined {
  const [year, month, day] = value.split("-").map(Number);
  return year && month && day ? new Date(year, month - 1, day) : undefined;
}

function isDecimalText(text: string): text is `${number}` {
  return /^-?\d+(\.\d+)?$/u.test(text);
}

/** An amount by the user's locale, with its currency if it has one. */
export function moneyText(intl: IntlShape, { amount, currency }: Money): string {
  if (!isDecimalText(amount)) return `${amount} ${currency}`.trim();
  const format = currency === "" ? new Intl.NumberFormat(intl.locale, { maximumFractionDigits: 20 }) : new Intl.NumberFormat(intl.locale, { style: "currency", currency });
  return format.format(amount);
}

/** A value as text by the user's locale; what needs the server's words comes from display. */
export function valueText(intl: IntlShape, field: Field, record: ParleyRecord): string {
  const value = record.fields?.[field.name];
  const display = record.display[field.name];
  switch (field.type) {
    case FieldType.MONEY: {
      const money = toMoney(value);
      return money && isDecimalText(money.amount) ? moneyText(intl, money) : (display ?? "");
    }
    case FieldType.INTEGER:
    case FieldType.DECIMAL: {
      const text = value === undefined || value === null ? "" : String(value);
      return isDecimalText(text) ? new Intl.NumberFormat(intl.locale, { maximumFractionDigits: 20 }).format(text) : text;
    }
    case FieldType.DATE: {
      const day = typeof value === "string" ? toDay(value) : undefined;
      return day ? intl.formatDate(day, { dateStyle: "medium" }) : "";
    }
    case FieldType.DATETIME:
      return typeof value === "string" ? intl.formatDate(value, { dateStyle: "medium", timeStyle: "short" }) : "";
    default:
      return display ?? (typeof value === "string" ? value : "");
  }
}

/** True for what stands right-aligned in a table. */
export function isNumeric(field: Field): boolean {
  return [FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY].includes(field.type);
}

/** A value in a table: selections as badges, yes and no as marks. */
export function Value({ field, record }: { field: Field; record: ParleyRecord }) {
  const intl = useIntl();
  const t = useText();
  const value = record.fields?.[field.name];
  if (value === undefined || value === null || value === "") return null;
  if (field.type === FieldType.BOOLEAN) {
    return value === true ? <Sign label={t("value.yes")}><IconCheck size={16} aria-hidden /></Sign> : <Sign label={t("value.no")}><IconMinus size={16} opacity={0.4} aria-hidden /></Sign>;
  }
  if (field.type === FieldType.SELECTION) {
    const option = field.options.find((one) => one.value === value);
    return <Badge color={badgeColor(option?.color)} miw="max-content">{option?.label ?? String(value)}</Badge>;
  }
  const text = valueText(intl, field, record);
  return <>{field.type === FieldType.URL ? text.replace(/^https?:\/\//u, "") : text}</>;
}

/** The colours that options can have. */
export const COLORS = ["gray", "red", "orange", "yellow", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "grape", "pink"];

/** A colour of the palette; grey for one that it has not. */
export function badgeColor(color: string | undefined): string {
  return color && COLORS.includes(color) ? color : "gray";
}
