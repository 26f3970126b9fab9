import { Button, Popover, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconAlertTriangle, IconBan, IconBrandWhatsapp, IconCheck, IconChecks, IconClock, IconMail, IconMailX, type Icon } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, DeliveryChannel, DeliveryState, type Delivery, type Message } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { byPageToken } from "../api/pages.ts";
import { When } from "../intl/time.tsx";
import { useText, type TextId } from "../intl/intl.tsx";
import { PartyFace } from "../ui/person.tsx";
import { FailureLine, useFaultText } from "../ui/states.tsx";
import { isLost, summarised } from "./delivery-states.ts";
import classes from "./message.module.css";

const STATES: Record<DeliveryState, { text: TextId; icon: Icon }> = {
  [DeliveryState.UNSPECIFIED]: { text: "delivery.waiting", icon: IconClock },
  [DeliveryState.READY]: { text: "delivery.waiting", icon: IconClock },
  [DeliveryState.SENT]: { text: "delivery.sent", icon: IconCheck },
  [DeliveryState.DELIVERED]: { text: "delivery.delivered", icon: IconChecks },
  [DeliveryState.READ]: { text: "delivery.read", icon: IconChecks },
  [DeliveryState.FAILED]: { text: "delivery.failed", icon: IconAlertTriangle },
  [DeliveryState.BOUNCED]: { text: "delivery.bounced", icon: IconMailX },
  [DeliveryState.CANCELLED]: { text: "delivery.cancelled", icon: IconBan },
};

/** How a message came to people elsewhere: in short, and person by person when asked for. */
export function Deliveries({ message }: { message: Message }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const parts = summarised(message.deliveries, message.deliveryCount);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={320} trapFocus withinPortal>
      <Popover.Target>
        <UnstyledButton className={classes.deliveries} aria-expanded={open} aria-label={t("delivery.label")} onClick={() => setOpen(!open)}>
          {message.deliveries[0]?.channel === DeliveryChannel.WHATSAPP ? <IconBrandWhatsapp size={14} aria-hidden /> : <IconMail size={14} aria-hidden />}
          {parts.map(({ state, count }) => <State key={state} state={state} count={count} />)}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={8}>{open && <List message={message} />}</Popover.Dropdown>
    </Popover>
  );
}

function State({ state, count }: { state: DeliveryState; count: number }) {
  const t = useText();
  const { text, icon: StateIcon } = STATES[state];
  return (
    <span className={classes.deliveryState} data-state={DeliveryState[state]}>
      <StateIcon size={14} aria-hidden />
      {t(text)}
      {count > 1 && <span className="numeric">{count}</span>}
    </span>
  );
}

function List({ message }: { message: Message }) {
  const t = useText();
  const all = message.deliveryCount > message.deliveries.length;
  const { data, error, refetch, hasNextPage, fetchNextPage, isLoading } = useInfiniteQuery(
    ChatterService.method.listDeliveries,
    { threadId: message.threadId, messageId: message.id, pageSize: 100, pageToken: "" },
    { ...byPageToken, enabled: all, staleTime: 0 },
  );
  const deliveries = data ? data.pages.flatMap((page) => page.deliveries) : message.deliveries;
  return (
    <Stack gap={4}>
      {error && <FailureLine error={error} retry={() => void refetch()} />}
      <div className={classes.scroll}>
        {deliveries.map((delivery) => <Row key={delivery.id} message={message} delivery={delivery} />)}
        {isLoading && <Skeleton h={40} />}
        {hasNextPage && <Button variant="subtle" fullWidth onClick={() => void fetchNextPage()}>{t("action.more")}</Button>}
      </div>
    </Stack>
  );
}

function Row({ message, delivery }: { message: Message; delivery: Delivery }) {
  const t = useText();
  const resend = useResend(message, delivery);
  return (
    <div className={classes.delivery}>
      <PartyFace party={delivery.party} size={24} />
      <span className={classes.deliveryText}>
        <Text size="sm" truncate>{delivery.party?.name}</Text>
        <Text size="xs" c="dimmed" truncate>{delivery.address}</Text>
        <span className={classes.deliveryLine}><State state={delivery.state} count={1} /> · <When at={delivery.updateTime} /></span>
        {delivery.reason !== "" && <Text size="xs" className={isLost(delivery.state) ? classes.reason : undefined}>{delivery.reason}</Text>}
      </span>
      {isLost(delivery.state) && <Button size="compact-xs" variant="light" loading={resend.busy} onClick={resend.run}>{t("delivery.resend")}</Button>}
    </div>
  );
}

function useResend(message: Message, delivery: Delivery): { run: () => void; busy: boolean } {
  const queries = useQueryClient();
  const faultText = useFaultText();
  const retry = useMutation(ChatterService.method.retryDelivery, {
    onError: (error) => void notifications.show({ color: "red", message: faultText(toFault(error)) }),
    // The stream tells of the message itself.
    onSuccess: () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listDeliveries, cardinality: undefined }) }),
  });
  return { run: () => retry.mutate({ threadId: message.threadId, deliveryId: delivery.id }), busy: retry.isPending };
}
