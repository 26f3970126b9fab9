import { useQuery } from "@connectrpc/connect-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { titleOf } from "../activities/group.ts";
import { useZone } from "../activities/query.ts";
import { ChatterService, InboxReason, type InboxItem } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { plainText } from "../thread/body.tsx";
import { Notifier, windows } from "./notifier.ts";
import { isDue } from "./notify.ts";
import { ring } from "./ring.ts";

/** How often the user's wishes are read anew: another device may change them. */
const WISHES_MS = 5 * 60_000;

/** How much of a message a notification shows. */
const LENGTH = 140;

/** Shows what comes into the inbox as a notification of the browser, while nobody looks at the console. */
export function useBrowserNotifications(): void {
  const t = useText();
  const { cache, engine, me } = useServices();
  const router = useRouter();
  const zone = useZone();
  const { data } = useQuery(ChatterService.method.getNotificationSettings, {}, { staleTime: WISHES_MS, refetchInterval: WISHES_MS });
  const now = useRef({ t, zone, settings: data?.settings });
  useEffect(() => {
    now.current = { t, zone, settings: data?.settings };
  });
  useEffect(() => {
    const of = windows();
    if (!of) return undefined;
    const notifier = new Notifier(`parley.notify.${me.id}`, of);
    const text = (item: InboxItem): string => bodyOf(item, now.current.t);
    const forget = cache.onItem((item) => {
      const { settings, zone: where } = now.current;
      if (!settings || !isDue(item, settings, where, Date.now())) return;
      const onClick = (): void => void router.navigate({ to: "/inbox", search: { item: item.id } });
      notifier.event(item.id, engine.leads(), () => ring({ tag: `parley-${item.id}`, title: item.threadTitle, body: text(item), onClick }));
    });
    return () => {
      forget();
      notifier.close();
    };
  }, [cache, engine, me.id, router]);
}

function bodyOf(item: InboxItem, t: ReturnType<typeof useText>): string {
  const { activity, message } = item;
  if (activity) return t("reason.activityFor", { name: activity.creator?.name ?? "", title: titleOf(activity) });
  const name = message?.author?.name ?? "";
  if (item.reason === InboxReason.ASSIGNMENT) return t("reason.assigned", { name });
  const words = message ? plainText(message.body, message.format) || message.subject || (message.files[0]?.name ?? "") : "";
  const body = words.length > LENGTH ? `${words.slice(0, LENGTH)}…` : words;
  return [name, body].filter(Boolean).join(": ");
}
