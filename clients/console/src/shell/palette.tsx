import { createSpotlight, Spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { createClient } from "@connectrpc/connect";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, useQuery as usePlainQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDebouncedValue } from "@mantine/hooks";
import { IconCalendarCheck, IconHelp, IconInbox, IconLogout, IconMailQuestion, IconMessage, IconMessages, IconMoon, IconPlus, IconSearch, IconUserCog } from "@tabler/icons-react";
import { notifications } from "@mantine/notifications";
import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useId, useState, type ReactNode } from "react";
import { ChatState, ChatView, IdentityService, RecordService, SearchService, type RecordType } from "../api/contract.ts";
import { useChats } from "../chats/query.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { placeOf } from "../search/place.ts";
import { useServices } from "../services.tsx";
import { pagesFor } from "../settings/pages.ts";
import { TypeIcon } from "../ui/icons.tsx";
import { Face, PartyFace } from "../ui/person.tsx";
import { usePanels } from "./panels.tsx";
import classes from "./palette.module.css";

interface Entry {
  id: string;
  label: string;
  detail?: string;
  icon: ReactNode;
  run: () => void;
}

interface Group {
  title: string;
  entries: Entry[];
}

/** One box to find and do anything. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [[store, spotlight]] = useState(createSpotlight);
  useEffect(() => spotlight.open(), [spotlight]);
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const actions = useActions(query);
  const chats = useChatEntries(query);
  const people = usePeople(settled);
  const records = useRecords(settled);
  const messages = useMessages(settled);
  const groups: Group[] = [
    { title: t("palette.records"), entries: records },
    { title: t("palette.chats"), entries: chats },
    { title: t("palette.people"), entries: people },
    { title: t("palette.actions"), entries: actions },
    { title: t("palette.messages"), entries: messages },
  ].filter((group) => group.entries.length > 0);
  const listId = useId();
  const first = groups[0]?.entries[0]?.id;
  // What is found later comes first: Enter takes what stands at the top.
  useEffect(() => {
    if (settled === "") return;
    const actions = document.getElementById(listId)?.querySelectorAll("[data-action]") ?? [];
    actions.forEach((action, at) => action.toggleAttribute("data-selected", at === 0));
    store.updateState((state) => ({ ...state, selected: 0 }));
  }, [first, listId, settled, store]);
  return (
    <Spotlight.Root aria-label={t("nav.search")} query={query} onQueryChange={setQuery} onSpotlightClose={onClose} store={store} clearQueryOnClose={false} shortcut={null} radius="md" overlayProps={{ backgroundOpacity: 0.3, blur: 0 }}>
      <Spotlight.Search placeholder={t("palette.placeholder")} leftSection={<IconSearch size={18} />} aria-label={t("nav.search")} />
      <Spotlight.ActionsList id={listId} className={classes.list}>
        {groups.map((group) => (
          <Spotlight.ActionsGroup key={group.title} label={group.title}>
            {group.entries.map((entry) => (
              <Spotlight.Action
                key={entry.id}
                label={entry.label}
                description={entry.detail}
                leftSection={entry.icon}
                onClick={() => {
                  onClose();
                  entry.run();
                }}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>{t("palette.empty")}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function matches(text: string, query: string): boolean {
  return text.toLocaleLowerCase().includes(query.trim().toLocaleLowerCase());
}

function useActions(query: string): Entry[] {
  const t = useText();
  const navigate = useNavigate();
  const { open } = usePanels();
  const { session, agent, me } = useServices();
  const signOut = useMutation(IdentityService.method.signOut, { onSettled: () => session.set(null) });
  const { toggleColorScheme } = useMantineColorScheme();
  const { data } = useRecordTypes();
  const create = (data?.recordTypes ?? []).map((type): Entry => ({
    id: `new-${type.name}`,
    label: t("palette.new", { type: type.label }),
    icon: <IconPlus size={18} />,
    run: () => void navigate({ to: "/records/$type/new", params: { type: type.name } }),
  }));
  const all: Entry[] = [
    { id: "inbox", label: t("help.toInbox"), icon: <IconInbox size={18} />, run: () => void navigate({ to: "/inbox" }) },
    ...(agent ? [{ id: "chats", label: t("help.toChats"), icon: <IconMessages size={18} />, run: () => void navigate({ to: "/chats" }) }] : []),
    ...create,
    { id: "activities", label: t("help.toActivities"), icon: <IconCalendarCheck size={18} />, run: () => void navigate({ to: "/activities" }) },
    ...(agent ? [{ id: "quarantine", label: t("quarantine.title"), icon: <IconMailQuestion size={18} />, run: () => void navigate({ to: "/quarantine" }) }] : []),
    ...pagesFor(me.role).map((page) => ({ id: page.to, label: t("palette.settings", { page: t(page.label) }), icon: <page.icon size={18} />, run: () => void navigate({ to: page.to }) })),
    { id: "scheme", label: t("palette.scheme"), icon: <IconMoon size={18} />, run: toggleColorScheme },
    { id: "profile", label: t("profile.settings"), icon: <IconUserCog size={18} />, run: () => open("profile") },
    { id: "help", label: t("help.title"), icon: <IconHelp size={18} />, run: () => open("help") },
    { id: "out", label: t("profile.signOut"), icon: <IconLogout size={18} />, run: () => signOut.mutate({}) },
  ];
  return all.filter((entry) => matches(entry.label, query));
}

function useChatEntries(query: string): Entry[] {
  const navigate = useNavigate();
  const { agent } = useServices();
  const { data } = useChats({ view: ChatView.ALL, state: ChatState.OPEN }, agent);
  const chats = data?.pages.flatMap((page) => page.chats) ?? [];
  return chats
    .filter((chat) => query.trim() !== "" && matches(`${chat.visitor?.name ?? ""} ${chat.visitor?.email ?? ""}`, query))
    .slice(0, 5)
    .map((chat) => ({
      id: chat.id,
      label: chat.visitor?.name ?? "",
      detail: chat.lastMessage?.body,
      icon: <IconMessage size={18} />,
      run: () => void navigate({ to: "/chats/$chatId", params: { chatId: chat.id } }),
    }));
}

function usePeople(query: string): Entry[] {
  const t = useText();
  const { data } = useQuery(IdentityService.method.listUsers, { query, pageSize: 5 }, { enabled: query !== "", placeholderData: keepPreviousData });
  if (query === "") return [];
  return (data?.users ?? []).map((user) => ({
    id: user.id,
    label: user.name,
    detail: user.email,
    icon: <Face id={user.id} name={user.name} size={24} />,
    run: () => {
      void navigator.clipboard.writeText(user.email);
      notifications.show({ message: t("palette.copied", { email: user.email }) });
    },
  }));
}

/** The newest messages with these words, and the way to all of them. */
function useMessages(query: string): Entry[] {
  const t = useText();
  const navigate = useNavigate();
  const { data } = useQuery(SearchService.method.searchMessages, { query: query.slice(0, 200), pageSize: 4 }, { enabled: query !== "", placeholderData: keepPreviousData });
  if (query === "") return [];
  const found = (data?.results ?? []).map((result) => ({
    id: `message-${result.messageId}`,
    label: result.threadTitle,
    detail: `${result.author?.name ?? ""}: ${result.excerpts[0]?.segments.map((segment) => segment.text).join("") ?? ""}`,
    icon: <PartyFace party={result.author} size={24} />,
    run: () => void navigate(placeOf(result)),
  }));
  return [...found, { id: "search-all", label: t("palette.searchAll", { query }), icon: <IconSearch size={18} />, run: () => void navigate({ to: "/search", search: { q: query } }) }];
}

function useRecords(query: string): Entry[] {
  const navigate = useNavigate();
  const { transport } = useServices();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const { data } = usePlainQuery({
    queryKey: ["palette-records", query, types.map((type) => type.name)],
    queryFn: ({ signal }) => findRecords(types, query, signal),
    enabled: query !== "",
    placeholderData: keepPreviousData,
  });
  async function findRecords(all: RecordType[], words: string, signal: AbortSignal) {
    const client = createClient(RecordService, transport);
    const found = await Promise.all(
      all.slice(0, 8).map(async (type) => {
        const { references } = await client.searchReferences({ type: type.name, query: words, pageSize: 4 }, { signal });
        return references.map((reference) => ({ type, reference }));
      }),
    );
    return found.flat();
  }
  if (query === "" || !data) return [];
  return data.map(({ type, reference }) => ({
    id: reference.id,
    label: reference.title,
    detail: type.label,
    icon: <TypeIcon icon={type.icon} type={type.name} />,
    run: () => void navigate({ to: "/records/$type/$recordId", params: { type: type.name, recordId: reference.id } }),
  }));
}
