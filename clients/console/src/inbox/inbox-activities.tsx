import { Button } from "@mantine/core";
import { Link, useNavigate, useRouter } from "@tanstack/react-router";
import { useQuery } from "@connectrpc/connect-query";
import { IconArrowRight, IconCalendar } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ActivityService, ActivityState, ChatterService, type Activity } from "../api/contract.ts";
import { ActivityCard, useActivityActions } from "../activities/activity-card.tsx";
import { ActivityLine, keyOfLine, LINE_HEIGHT, LineHead } from "../activities/activity-line.tsx";
import { grouped } from "../activities/group.ts";
import { useActivities } from "../activities/query.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { useRecordType } from "../records/query.ts";
import { Conversation } from "../thread/conversation.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { Panes } from "../ui/panes.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import classes from "./inbox.module.css";

interface InboxActivitiesProps {
  tabs: ReactNode;
  /** UUID of the activity that is open. */
  chosen: string | undefined;
  onChoose: (activityId: string | undefined) => void;
}

/** Everything that is planned for the caller, and the record of the one that is open. */
export function InboxActivities({ tabs, chosen, onChoose }: InboxActivitiesProps) {
  const t = useText();
  const go = useNavigate();
  const list = useActivities({ mine: true });
  const lines = grouped(list.data?.pages.flatMap((page) => page.activities) ?? []);
  const activities = lines.flatMap((line) => (line.kind === "activity" ? [line.activity] : []));
  const at = activities.findIndex((one) => one.id === chosen);
  const selected = activities[at];
  const step = (by: number): void => {
    const next = activities[at < 0 ? 0 : at + by];
    if (next) onChoose(next.id);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => selected && void go({ to: "/records/$type/$recordId", params: { type: selected.recordType, recordId: selected.recordId } }),
    Escape: () => onChoose(undefined),
  });
  return (
    <Panes
      detail={chosen !== undefined}
      listLabel={t("inbox.activities")}
      list={
        <>
          <Header title={t("nav.inbox")}>
            <IconButton label={t("activity.view.calendar")} onClick={() => void go({ to: "/activities", search: { view: "calendar" } })}><IconCalendar size={18} stroke={1.7} /></IconButton>
          </Header>
          {tabs}
          {list.isPending && <RowSkeletons height={LINE_HEIGHT} />}
          {list.error && !list.data && <Failure error={list.error} retry={() => void list.refetch()} />}
          {list.data && lines.length === 0 && <Empty text={t("activity.noneMine")} action={<Button variant="default" renderRoot={(props) => <Link to="/activities" search={{ all: true }} {...props} />}>{t("activity.showAll")}</Button>} />}
          {lines.length > 0 && (
            <VirtualList
              items={lines}
              keyOf={keyOfLine}
              height={LINE_HEIGHT}
              label={t("inbox.activities")}
              selected={lines.findIndex((line) => line.kind === "activity" && line.activity.id === chosen)}
              onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}
            >
              {(line) =>
                line.kind === "head" ? (
                  <LineHead line={line} />
                ) : (
                  <ActivityLine activity={line.activity} selected={line.activity.id === chosen} link={(props) => <Link to="/inbox" search={{ view: "activities", item: line.activity.id }} {...props} />} />
                )
              }
            </VirtualList>
          )}
        </>
      }
    >
      {chosen === undefined ? <Empty text={activities.length > 0 ? t("activity.choose") : t("inbox.quiet")} /> : <Opened key={chosen} activityId={chosen} known={selected} onBack={() => onChoose(undefined)} />}
    </Panes>
  );
}

/** An activity with the conversation of its record; also one that the list does not hold any more. */
function Opened({ activityId, known, onBack }: { activityId: string; known: Activity | undefined; onBack: () => void }) {
  const found = useQuery(ActivityService.method.getActivity, { activityId }, { enabled: known === undefined });
  const activity = known ?? found.data?.activity;
  if (!activity) return found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : <RowSkeletons count={4} />;
  return <Detail activity={activity} onBack={onBack} />;
}

function Detail({ activity, onBack }: { activity: Activity; onBack: () => void }) {
  const t = useText();
  const router = useRouter();
  const type = useRecordType(activity.recordType);
  const { data } = useQuery(ChatterService.method.getThread, { threadId: activity.recordId });
  const actions = useActivityActions(activity);
  const params = { type: activity.recordType, recordId: activity.recordId };
  const planned = activity.state !== ActivityState.DONE;
  useKeys(planned ? { e: actions.done } : {});
  const linkTo = (seq: bigint): string => location.origin + router.buildLocation({ to: "/records/$type/$recordId", params, search: { seq: Number(seq) } }).publicHref;
  return (
    <>
      <Header title={activity.recordTitle} detail={type?.label} back={onBack}>
        <Button rightSection={<IconArrowRight size={15} className="flip" />} renderRoot={(props) => <Link to="/records/$type/$recordId" params={params} {...props} />}>{t("inbox.openRecord")}</Button>
      </Header>
      {planned && <div className={classes.activity}><ul><ActivityCard activity={activity} /></ul></div>}
      <Conversation
        key={activity.recordId}
        threadId={activity.recordId}
        empty={t("chatter.empty")}
        audience={t("chatter.audience", { count: data?.thread?.followerCount ?? 0 })}
        messageLabel={t("composer.message")}
        linkTo={linkTo}
      />
      {actions.dialogs}
    </>
  );
}
