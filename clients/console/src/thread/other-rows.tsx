import { Button } from "@mantine/core";
import { IconArrowRight, IconClock, IconExclamationCircle, IconLock } from "@tabler/icons-react";
import { memo } from "react";
import { useIntl } from "react-intl";
import type { Message } from "../api/contract.ts";
import { dayName, When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { PartyFace } from "../ui/person.tsx";
import { Sign } from "../ui/sign.tsx";
import { useFaultText } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import { postedAt } from "./group.ts";
import type { Pending } from "./outbox.ts";
import { systemText } from "./system-text.ts";
import classes from "./thread.module.css";

/** Where one day ends and the next begins. */
export function DayRow({ date }: { date: Date }) {
  const intl = useIntl();
  return <div className={classes.day}><span>{dayName(intl, date)}</span></div>;
}

/** Where unread begins. */
export function NewRow() {
  const t = useText();
  return <div className={classes.newLine}><span>{t("thread.new")}</span></div>;
}

/** What changed on a record, small and grey. */
export const ChangeRow = memo(function ChangeRow({ message, first }: { message: Message; first: boolean }) {
  const t = useText();
  return (
    <div className={classes.change}>
      <div className={classes.gutter}>{first && <PartyFace party={message.author} size={22} />}</div>
      <div className={classes.changeText}>
        {first && (
          <div className={classes.changeHead}>
            <span className={classes.changeAuthor}>{message.author?.name || t("party.system")}</span>
            <When at={postedAt(message)} />
          </div>
        )}
        <ul className={classes.changeList}>
          {message.changes.map((change) => (
            <li key={change.field}>
              <span className={classes.changeLabel}>{change.label}</span>
              {change.oldValue !== "" && <span className={classes.changeOld}>{change.oldValue}</span>}
              <Sign label={t("change.to")}><IconArrowRight size={13} aria-hidden className="flip" /></Sign>
              <span className={classes.changeNew}>{change.newValue || t("change.nothing")}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
});

/** What happened to the conversation. */
export const SystemRow = memo(function SystemRow({ message }: { message: Message }) {
  const t = useText();
  return (
    <div className={classes.system}>
      {systemText(t, message)} · <When at={postedAt(message)} />
    </div>
  );
});

/** A message on its way. */
export function PendingRow({ pending, sided, onDiscard }: { pending: Pending; sided: boolean; onDiscard: (pending: Pending) => void }) {
  const t = useText();
  const { me, outbox } = useServices();
  const faultText = useFaultText();
  return (
    <article className={classes.message} data-first data-last data-side={sided ? "end" : "start"} data-note={pending.internal} data-sided={sided}>
      {!sided && <div className={classes.gutter}><PartyFace party={{ $typeName: "parley.thread.v1.Party", kind: 1, id: me.id, name: me.name }} size={30} /></div>}
      <div className={classes.content}>
        <div className={classes.head}>
          {!sided && <span className={classes.author}>{me.name}</span>}
          {pending.internal && <span className={classes.internal}><IconLock size={13} aria-hidden />{t("message.internal")}</span>}
        </div>
        <div className={classes.bubble} data-pending>
          {pending.subject && <strong>{pending.subject}</strong>}
          {pending.body !== "" && <Body text={pending.body} mentions={[]} format={pending.format} />}
          {pending.files.map((file) => <div key={file.id} className={classes.pendingFile}>{file.name}</div>)}
        </div>
        {pending.state === "failed" ? (
          <div className={classes.failed} role="alert">
            <IconExclamationCircle size={15} aria-hidden />
            <span>{pending.fault ? faultText(pending.fault) : t("message.notSent")}</span>
            <Button size="compact-xs" variant="subtle" color="red" onClick={() => outbox.retry(pending.requestId)}>{t("action.retry")}</Button>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onDiscard(pending)}>{t("message.takeBack")}</Button>
          </div>
        ) : (
          <span className={classes.receipt}><IconClock size={13} aria-hidden />{pending.state === "waiting" ? t("message.waiting") : t("message.sending")}</span>
        )}
      </div>
    </article>
  );
}
