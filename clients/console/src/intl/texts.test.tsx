import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { useIntl } from "react-intl";
import { expect, test } from "vitest";
import { Texts, useText } from "./intl.tsx";

function Sample() {
  const t = useText();
  const intl = useIntl();
  return <output>{[t("action.cancel"), t("channels.chats", { count: 0 }), t("chat.with", { name: "Nora" }), intl.formatNumber(12_345.5)].join("|")}</output>;
}

async function said(locale: string): Promise<string> {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Texts locale={locale}><Sample /></Texts>
    </QueryClientProvider>,
  );
  return (await screen.findByRole("status")).textContent?.replaceAll(/\s/gu, " ") ?? "";
}

test.each([
  ["en-GB", "Cancel|0 chats|With Nora|12,345.5"],
  ["sv-SE", "Avbryt|0 chattar|Med Nora|12 345,5"],
  ["uk", "Скасувати|0 чатів|Веде Nora|12 345,5"],
  ["it", "Annulla|0 chat|Con Nora|12.345,5"],
  ["zh-TW", "取消|0 个聊天|由 Nora 接待|12,345.5"],
])("%s is spoken, and counts as its region does", async (locale, words) => {
  expect(await said(locale)).toBe(words);
});

// In French 0 is singular; the words are English, so they follow English.
test("a locale without a catalogue has English words with English plurals, and its own numbers", async () => {
  expect(await said("fr")).toBe("Cancel|0 chats|With Nora|12 345,5");
});

test("words that run the other way than the page are set apart, and so are names in them", async () => {
  const [cancel, , chat, number] = (await said("ar-EG")).split("|");
  expect(cancel).toBe("\u2068Cancel\u2069");
  expect(chat).toBe("\u2068With \u2068Nora\u2069\u2069");
  expect(number).toBe("١٢٬٣٤٥٫٥");
});
