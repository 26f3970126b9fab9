import { Button } from "@mantine/core";
import { Link, useRouter } from "@tanstack/react-router";
import { useQuery } from "@connectrpc/connect-query";
import { IconArrowRight, IconCheck, IconStar, IconStarFilled } from "@tabler/icons-react";
import { ActivityCard } from "../activities/activity-card.tsx";
import { ActivityService, ActivityState, ChatterService, ThreadKind, type InboxItem } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordType } from "../records/query.ts";
import { Conversation } from "../thread/conversation.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import classes from "./inbox.module.css";
import rowClasses from "../ui/list-row.module.css";

interface InboxDetailProps {
  item: InboxItem;
  onBack: () => void;
  onDone: () => void;
  onStar: () => void;
}

/** The conversation of an item, at the place that it is about. */
export function InboxDetail({ item, onBack, onDone, onStar }: InboxDetailProps) {
  const t = useText();
  const chat = item.threadKind === ThreadKind.CHAT;
  const type = useRecordType(item.recordType);
  const linkTo = useThreadLink(item);
  const { data } = useQuery(ChatterService.method.getThread, { threadId: item.threadId });
  // What is planned may have changed since the item came.
  const now = useQuery(ActivityService.method.getActivity, { activityId: item.activity?.id ?? "" }, { enabled: item.activity !== undefined });
  const activity = now.error ? undefined : (now.data?.activity ?? item.activity);
  const seq = item.message ? Number(item.message.seq) : undefined;
  return (
    <>
      <Header title={item.threadTitle} detail={chat ? t("nav.chat") : type?.label} back={onBack}>
        <IconButton label={item.starred ? t("inbox.unstar") : t("inbox.star")} keys="s" onClick={onStar}>
          {item.starred ? <IconStarFilled size={17} className={rowClasses.starred} /> : <IconStar size={17} stroke={1.7} />}
        </IconButton>
        <Button variant="default" leftSection={<IconCheck size={15} />} onClick={onDone}>{t("inbox.done")}</Button>
        <OpenLink item={item} label={chat ? t("inbox.openChat") : t("inbox.openRecord")} />
      </Header>
      {activity && activity.state !== ActivityState.DONE && <div className={classes.activity}><ul><ActivityCard activity={activity} /></ul></div>}
      <Conversation
        key={item.threadId}
        threadId={item.threadId}
        seq={seq}
        sided={chat}
        empty={t("chatter.empty")}
        audience={chat ? t("chat.audience", { name: item.threadTitle }) : t("chatter.audience", { count: data?.thread?.followerCount ?? 0 })}
        messageLabel={chat ? t("composer.reply") : t("composer.message")}
        mentions={!chat}
        linkTo={linkTo}
      />
    </>
  );
}

function OpenLink({ item, label }: { item: InboxItem; label: string }) {
  const rest = { rightSection: <IconArrowRight size={15} className="flip" /> };
  const search = item.message ? { seq: Number(item.message.seq) } : {};
  if (item.threadKind === ThreadKind.CHAT) {
    return <Button {...rest} renderRoot={(props) => <Link to="/chats/$chatId" params={{ chatId: item.threadId }} search={search} {...props} />}>{label}</Button>;
  }
  return (
    <Button {...rest} renderRoot={(props) => <Link to="/records/$type/$recordId" params={{ type: item.recordType, recordId: item.threadId }} search={search} {...props} />}>
      {label}
    </Button>
  );
}

function useThreadLink(item: InboxItem): (seq: bigint) => string {
  const router = useRouter();
  return (seq) => {
    const search = { seq: Number(seq) };
    const { publicHref } =
      item.threadKind === ThreadKind.CHAT
        ? router.buildLocation({ to: "/chats/$chatId", params: { chatId: item.threadId }, search })
        : router.buildLocation({ to: "/records/$type/$recordId", params: { type: item.recordType, recordId: item.threadId }, search });
    return `${location.origin}${publicHref}`;
  };
}
