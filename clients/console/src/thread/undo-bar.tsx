import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconClock } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { ChatterService, MessageKind, type Message } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { useFaultText } from "../ui/states.tsx";
import { heldUntil } from "./delivery-states.ts";
import type { ThreadLog } from "./log.ts";
import { threadLogKey } from "./query.ts";
import { useThreadInfo } from "./place.ts";
import classes from "./message.module.css";

/** While a message of one's own is held: how long, and the way back. */
export function UndoBar({ messages }: { messages: readonly Message[] }) {
  const { me } = useServices();
  const hold = useThreadInfo()?.holdSeconds ?? 0;
  if (hold <= 0) return null;
  const last = messages.slice(-20).findLast((one) => one.author?.id === me.id && one.kind === MessageKind.COMMENT);
  if (!last || last.deleteTime) return null;
  if (last.deliveries.length === 0) return <Finder key={last.id} message={last} hold={hold} />;
  return heldUntil(last, hold, 0) === undefined ? null : <Bar key={last.id} message={last} hold={hold} />;
}

/** A message that was just posted does not say yet to whom it goes: asks for that. */
function Finder({ message, hold }: { message: Message; hold: number }) {
  const queries = useQueryClient();
  const [fresh] = useState(() => message.createTime !== undefined && Date.now() - timestampMs(message.createTime) < hold * 1000);
  const ids = { threadId: message.threadId, messageId: message.id };
  const { data } = useQuery(ChatterService.method.listDeliveries, { ...ids, pageSize: 100 }, { enabled: fresh });
  useEffect(() => {
    if (!data || data.deliveries.length === 0) return;
    const { deliveries } = data;
    queries.setQueriesData<ThreadLog>({ queryKey: threadLogKey(message.threadId) }, (log) =>
      log && { ...log, messages: log.messages.map((one) => (one.id === message.id && one.deliveries.length === 0 ? { ...one, deliveries, deliveryCount: deliveries.length } : one)) },
    );
  }, [data, message.id, message.threadId, queries]);
  return null;
}

function Bar({ message, hold }: { message: Message; hold: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const t = useText();
  const { cache } = useServices();
  const faultText = useFaultText();
  const cancel = useMutation(ChatterService.method.cancelDeliveries, {
    onError: (error) => void notifications.show({ color: "red", message: faultText(toFault(error)) }),
    onSuccess: (answer) => {
      if (answer.message) cache.message(answer.message);
      notifications.show({ message: t("undo.done", { cancelled: answer.cancelledCount, sent: answer.sentCount }) });
    },
  });
  const until = heldUntil(message, hold, now);
  if (until === undefined) return null;
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  return (
    <div className={classes.undo}>
      <IconClock size={15} aria-hidden />
      <span className="numeric" role="timer">{t("undo.sending", { count: message.deliveryCount, seconds })}</span>
      <Button size="compact-xs" variant="light" loading={cancel.isPending} onClick={() => cancel.mutate({ threadId: message.threadId, messageId: message.id })}>{t("action.undo")}</Button>
    </div>
  );
}
