import { useCallback, useMemo, type ReactNode } from "react";
import { IntlProvider, useIntl } from "react-intl";
import { useQuery } from "@tanstack/react-query";
import en from "./en.json";
import { Clock } from "./now.tsx";

/** The id of a text in the catalogs. */
export type TextId = keyof typeof en;

/** What stands for the placeholders of a text. */
export type TextValues = Record<string, string | number | Date | null | undefined>;

const LANGUAGES = ["en", "de"] as const;
type Language = (typeof LANGUAGES)[number];

/** The language of the catalogs that fits a wish best. */
export function languageFor(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const found = LANGUAGES.find((language) => wish.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}

async function load(language: Language): Promise<Record<string, string>> {
  return language === "de" ? (await import("./de.json")).default : en;
}

/** Speaks the language wished for; numbers and dates follow the whole locale. */
export function Texts({ locale, children }: { locale: string; children: ReactNode }) {
  const language = languageFor([locale]);
  const { data } = useQuery({ queryKey: ["texts", language], queryFn: () => load(language), staleTime: Infinity, gcTime: Infinity });
  const messages = useMemo(() => ({ ...en, ...data }), [data]);
  const tag = locale.toLowerCase().startsWith(language) ? locale : language;
  if (language !== "en" && !data) return null;
  return (
    <IntlProvider locale={tag} defaultLocale="en" messages={messages}>
      <Clock>{children}</Clock>
    </IntlProvider>
  );
}

/** Looks texts up. */
export function useText(): (id: TextId, values?: TextValues) => string {
  const intl = useIntl();
  return useCallback((id, values) => intl.formatMessage({ id }, values), [intl]);
}
