import { ActionIcon, Indicator, Tooltip } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { IconMailQuestion } from "@tabler/icons-react";
import { MailService } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { QUARANTINE_PAGE } from "./query.ts";

/** Leads agents to mails that wait, and shows that there are some. */
export function QuarantineLink() {
  const t = useText();
  const { agent } = useServices();
  const { data } = useInfiniteQuery(MailService.method.listQuarantinedMails, { reasons: [], pageSize: QUARANTINE_PAGE, pageToken: "" }, { ...byPageToken, enabled: agent, refetchInterval: 60_000 });
  if (!agent) return null;
  const count = data?.pages.flatMap((page) => page.mails).length ?? 0;
  const label = t("quarantine.link", { count });
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} renderRoot={(props) => <Link to="/quarantine" {...props} />}>
        <Indicator disabled={count === 0} color="teal" size={8} offset={2}><IconMailQuestion size={18} stroke={1.7} aria-hidden /></Indicator>
      </ActionIcon>
    </Tooltip>
  );
}
