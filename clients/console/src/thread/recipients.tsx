import { Popover, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Recipient } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { RecipientList, WayIcon } from "./recipient-list.tsx";
import type { ComposerState } from "./use-composer.ts";
import { useRecipients, type Recipients } from "./use-recipients.ts";
import classes from "./recipients.module.css";

/** Who gets this, in one line: those outside first. */
export function RecipientLine({ composer }: { composer: ComposerState }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const recipients = useRecipients(composer, true);
  const note = composer.mode === "note";
  return (
    <div className={classes.line} data-expanded={composer.expanded}>
      <Popover opened={open} onChange={setOpen} position="top-start" width={320} trapFocus withinPortal>
        <Popover.Target>
          <UnstyledButton className={classes.chips} aria-label={t("recipients.label")} aria-expanded={open} onClick={() => setOpen(!open)}>
            {note ? <NoteChips recipients={recipients} /> : <Chips recipients={recipients} />}
            <span className={classes.add}><IconUserPlus size={14} aria-hidden /></span>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown p={8}>
          <RecipientList recipients={recipients} note={note} />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

/** A note goes outside only where it names somebody: that must be seen. */
function NoteChips({ recipients }: { recipients: Recipients }) {
  const t = useText();
  const inside = recipients.told.filter((one) => !one.outside).length;
  if (recipients.leaks.length > 0) {
    const names = recipients.leaks.map((one) => one.party?.name).join(", ");
    return (
      <span className={classes.warning} role="status">
        <IconAlertTriangle size={14} aria-hidden />
        <span className={classes.text}>{t("recipients.leak", { names, count: recipients.leaks.length })}</span>
      </span>
    );
  }
  return <span className={classes.quiet}>{t("recipients.note", { count: inside })}</span>;
}

function Chips({ recipients }: { recipients: Recipients }) {
  const t = useText();
  const { data, told } = recipients;
  if (!data) return <span className={classes.quiet}>{t("recipients.finding")}</span>;
  const outside = told.filter((one) => one.outside);
  const inside = told.length - outside.length + Math.max(0, data.recipientCount - data.recipients.length);
  if (outside.length === 0) return <span className={classes.quiet}>{t("recipients.inside", { count: inside })}</span>;
  return (
    <>
      <span className={classes.to}>{t("recipients.to")}</span>
      {outside.slice(0, 6).map((one) => <Chip key={one.party?.id} recipient={one} />)}
      {inside > 0 && <span className={classes.quiet}>{t("recipients.andInside", { count: inside })}</span>}
    </>
  );
}

function Chip({ recipient }: { recipient: Recipient }) {
  const t = useText();
  const name = recipient.party?.name ?? "";
  return (
    <span className={classes.chip} data-problem={recipient.problem !== ""} title={recipient.problem ? `${name}: ${recipient.problem}` : recipient.address}>
      <WayIcon recipient={recipient} />
      <span className={classes.text}>{name}</span>
      {recipient.problem !== "" && <span className="sr-only">{t("recipients.problem", { problem: recipient.problem })}</span>}
    </span>
  );
}
