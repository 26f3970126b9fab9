import { Select } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { MailService, QuarantineReason, type QuarantinedMail } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { When } from "../intl/time.tsx";
import { useKeys } from "../keys/keys.tsx";
import { useServices } from "../services.tsx";
import { Header } from "../ui/header.tsx";
import rowClasses from "../ui/list-row.module.css";
import { Panes } from "../ui/panes.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { QuarantineDetail } from "./quarantine-detail.tsx";
import { QUARANTINE_PAGE, REASONS, reasonText } from "./query.ts";
import classes from "./quarantine.module.css";

const route = getRouteApi("/app/quarantine");
const HEIGHT = 78;

/** Mails that wait because nobody knew where to put them. */
export function QuarantinePage() {
  const t = useText();
  const { agent } = useServices();
  return agent ? <Mails /> : <Empty text={t("quarantine.forbidden")} />;
}

function Mails() {
  const t = useText();
  const { mail: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const queries = useQueryClient();
  const [reason, setReason] = useState(QuarantineReason.UNSPECIFIED);
  const list = useInfiniteQuery(
    MailService.method.listQuarantinedMails,
    { reasons: reason === QuarantineReason.UNSPECIFIED ? [] : [reason], pageSize: QUARANTINE_PAGE, pageToken: "" },
    { ...byPageToken, refetchInterval: 60_000, refetchOnWindowFocus: "always" },
  );
  const mails = list.data?.pages.flatMap((page) => page.mails) ?? [];
  const at = mails.findIndex((mail) => mail.id === chosen);
  const choose = (mail: QuarantinedMail | undefined): void => void navigate({ search: { mail: mail?.id }, replace: chosen !== undefined });
  useKeys({
    j: () => choose(mails[at < 0 ? 0 : Math.min(at + 1, mails.length - 1)]),
    k: () => choose(mails[Math.max(0, at - 1)]),
    Escape: () => choose(undefined),
  });

  function gone(): void {
    choose(mails[at + 1] ?? mails[at - 1]);
    void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: MailService.method.listQuarantinedMails, cardinality: undefined }) });
  }

  return (
    <Panes
      detail={chosen !== undefined}
      listLabel={t("quarantine.title")}
      list={
        <>
          <Header title={t("quarantine.title")} back={() => void go({ to: "/inbox" })} />
          <div className={classes.filter}>
            <Select
              size="xs"
              aria-label={t("quarantine.reason")}
              allowDeselect={false}
              value={String(reason)}
              onChange={(value) => setReason(Number(value))}
              data={[{ value: "0", label: t("quarantine.allReasons") }, ...Object.entries(REASONS).map(([value, text]) => ({ value, label: t(text) }))]}
            />
          </div>
          {list.isPending && <RowSkeletons height={HEIGHT} />}
          {list.error && !list.data && <Failure error={list.error} retry={() => void list.refetch()} />}
          {list.data && mails.length === 0 && <Empty text={reason === QuarantineReason.UNSPECIFIED ? t("quarantine.empty") : t("quarantine.emptyReason")} />}
          {mails.length > 0 && (
            <VirtualList items={mails} keyOf={(mail) => mail.id} height={HEIGHT} label={t("quarantine.title")} selected={at} onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}>
              {(mail) => <Row mail={mail} selected={mail.id === chosen} />}
            </VirtualList>
          )}
        </>
      }
    >
      {chosen === undefined ? <Empty text={mails.length > 0 ? t("quarantine.choose") : t("quarantine.hint")} /> : <QuarantineDetail key={chosen} id={chosen} onBack={() => choose(undefined)} onGone={gone} />}
    </Panes>
  );
}

function Row({ mail, selected }: { mail: QuarantinedMail; selected: boolean }) {
  const t = useText();
  return (
    <Link to="/quarantine" search={{ mail: mail.id }} className={rowClasses.row} data-selected={selected} aria-current={selected}>
      <span className={rowClasses.text}>
        <span className={rowClasses.top}>
          <span className={rowClasses.name}>{mail.from || t("quarantine.noSender")}</span>
          <span className={rowClasses.time}><When at={mail.createTime} /></span>
        </span>
        <span className={classes.subject}>{mail.subject || t("quarantine.noSubject")}</span>
        <span className={rowClasses.line}><span className={rowClasses.preview}>{t(reasonText(mail.reason))}</span></span>
      </span>
    </Link>
  );
}
