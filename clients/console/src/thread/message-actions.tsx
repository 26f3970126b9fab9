import { Menu, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useClipboard } from "@mantine/hooks";
import { IconCornerUpLeft, IconDots, IconLanguage, IconLink, IconMoodPlus, IconPencil, IconPin, IconPinnedOff, IconStar, IconStarOff, IconTemplate, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, InboxView, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { EmojiPicker } from "./emoji-picker.tsx";
import { useThreadPlace } from "./place.ts";
import { SaveAsTemplate } from "./save-as-template.tsx";
import { useMessageChanges } from "./use-change.ts";
import classes from "./thread.module.css";

interface ActionsProps {
  message: Message;
  mayEdit: boolean;
  mayDelete: boolean;
  link: string;
  onEdit: () => void;
  onTranslate: () => void;
}

/** What can be done with a message. There are many messages, so most of it is made when first asked for. */
export function MessageActions(props: ActionsProps) {
  const t = useText();
  const { reply } = useThreadPlace();
  const [asked, setAsked] = useState(false);
  const [picking, setPicking] = useState(false);
  return (
    <div className={classes.actions}>
      {picking ? (
        <ReactPicker message={props.message} />
      ) : (
        <UnstyledButton className={classes.more} aria-label={t("message.react")} aria-haspopup="dialog" onClick={() => setPicking(true)}><IconMoodPlus size={16} aria-hidden /></UnstyledButton>
      )}
      <UnstyledButton className={classes.more} aria-label={t("message.reply")} title={t("message.reply")} onClick={() => reply(props.message)}><IconCornerUpLeft size={16} aria-hidden className="flip" /></UnstyledButton>
      {asked ? (
        <ActionMenu {...props} />
      ) : (
        <UnstyledButton className={classes.more} aria-label={t("message.actions")} aria-haspopup="menu" onClick={() => setAsked(true)}><IconDots size={16} aria-hidden /></UnstyledButton>
      )}
    </div>
  );
}

function ReactPicker({ message }: { message: Message }) {
  const t = useText();
  const { react } = useMessageChanges(message);
  return (
    <EmojiPicker onPick={react} opened>
      {(open, toggle) => <UnstyledButton className={classes.more} aria-label={t("message.react")} aria-expanded={open} onClick={toggle}><IconMoodPlus size={16} aria-hidden /></UnstyledButton>}
    </EmojiPicker>
  );
}

function ActionMenu({ message, mayEdit, mayDelete, link, onEdit, onTranslate }: ActionsProps) {
  const t = useText();
  const { agent } = useServices();
  const { rich } = useThreadPlace();
  const clipboard = useClipboard();
  const changes = useMessageChanges(message);
  const starred = useStarred(message);
  const [sure, setSure] = useState(false);
  const [saving, setSaving] = useState(false);
  const pinned = message.pinnedBy !== undefined;
  return (
    <>
      <Menu position="bottom-end" defaultOpened onClose={() => setSure(false)}>
        <Menu.Target>
          <UnstyledButton className={classes.more} aria-label={t("message.actions")}><IconDots size={16} aria-hidden /></UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={starred ? <IconStarOff size={15} /> : <IconStar size={15} />} onClick={() => changes.star(!starred)}>{starred ? t("message.unstar") : t("message.star")}</Menu.Item>
          <Menu.Item leftSection={pinned ? <IconPinnedOff size={15} /> : <IconPin size={15} />} onClick={changes.pin}>{pinned ? t("message.unpin") : t("message.pin")}</Menu.Item>
          {message.body !== "" && <Menu.Item leftSection={<IconLanguage size={15} />} onClick={onTranslate}>{t("message.translate")}</Menu.Item>}
          <Menu.Item leftSection={<IconLink size={15} />} onClick={() => clipboard.copy(link)}>{t("message.copyLink")}</Menu.Item>
          {agent && rich && message.body !== "" && <Menu.Item leftSection={<IconTemplate size={15} />} onClick={() => setSaving(true)}>{t("templates.saveMessage")}</Menu.Item>}
          {mayEdit && <Menu.Item leftSection={<IconPencil size={15} />} onClick={onEdit}>{t("message.edit")}</Menu.Item>}
          {mayDelete && (
            <Menu.Item color="red" leftSection={<IconTrash size={15} />} closeMenuOnClick={sure} onClick={sure ? changes.remove : () => setSure(true)}>
              {sure ? t("message.deleteSure") : t("message.delete")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {saving && <SaveAsTemplate message={message} onClose={() => setSaving(false)} />}
    </>
  );
}

/** Whether the caller starred a message: as far as the newest hundred stars tell. */
function useStarred(message: Message): boolean {
  const { data } = useQuery(ChatterService.method.listInbox, { view: InboxView.STARRED, pageSize: 100 }, { staleTime: 5_000 });
  return data?.items.some((item) => item.starred && item.message?.id === message.id) ?? false;
}
