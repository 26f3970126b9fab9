import { createContext, useCallback, useContext, useMemo, type ReactNode } from "react";
import { createIntl, IntlProvider, useIntl, type IntlShape } from "react-intl";
import { useQuery } from "@tanstack/react-query";
import en from "./en.json";
import { directionOf, languageFor, type Language } from "./locale.ts";
import { Clock } from "./now.tsx";

/** The id of a text in the catalogs. */
export type TextId = keyof typeof en;

/** What stands for the placeholders of a text. */
export type TextValues = Record<string, string | number | Date | null | undefined>;

type Catalogue = Record<string, string>;

const CATALOGUES: Record<Exclude<Language, "en">, () => Promise<{ default: Catalogue }>> = {
  de: () => import("./de.json"),
  it: () => import("./it.json"),
  sv: () => import("./sv.json"),
  uk: () => import("./uk.json"),
  zh: () => import("./zh.json"),
};

async function load(language: Language): Promise<Catalogue> {
  return language === "en" ? en : (await CATALOGUES[language]()).default;
}

interface Spoken {
  intl: IntlShape;
  /** True if the words run the other way than the page. */
  apart: boolean;
}

const Words = createContext<Spoken | undefined>(undefined);

/**
 * Speaks the language of a locale, English if there is no catalogue for it. Numbers and
 * dates follow the whole locale, plurals the language that the words are in.
 */
export function Texts({ locale, children }: { locale: string; children: ReactNode }) {
  const language = languageFor([locale]);
  const { data, isPending } = useQuery({ queryKey: ["texts", language], queryFn: () => load(language), staleTime: Infinity, gcTime: Infinity });
  const messages = useMemo(() => ({ ...en, ...data }), [data]);
  const words = useMemo(() => {
    const spoken = data ? language : "en";
    const tag = locale.toLowerCase().startsWith(spoken) ? locale : spoken;
    return { intl: createIntl({ locale: tag, messages }), apart: directionOf(tag) !== directionOf(locale) };
  }, [locale, language, data, messages]);
  if (language !== "en" && isPending) return null;
  return (
    <IntlProvider locale={locale} defaultLocale="en" messages={messages}>
      <Words value={words}>
        <Clock>{children}</Clock>
      </Words>
    </IntlProvider>
  );
}

/** Looks texts up. A text that runs the other way than the page is set apart, so that its full stop stays at its end. */
export function useText(): (id: TextId, values?: TextValues) => string {
  const whole = useIntl();
  const { intl, apart } = useContext(Words) ?? { intl: whole, apart: false };
  return useCallback((id, values) => (apart ? setApart(intl.formatMessage({ id }, eachApart(values))) : intl.formatMessage({ id }, values)), [intl, apart]);
}

/** A text whose signs do not mix with what stands around it. */
function setApart(text: string): string {
  return `\u2068${text}\u2069`;
}

function eachApart(values: TextValues = {}): TextValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? setApart(value) : value]));
}
