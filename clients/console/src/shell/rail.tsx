import { Indicator, Tooltip, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconAddressBook, IconCalendarCheck, IconInbox, IconMessages, IconSearch, IconSettings, type Icon } from "@tabler/icons-react";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Mark } from "../ui/mark.tsx";
import { badge, useActivityCount, useChatCount, useInboxCount } from "./counts.ts";
import { usePanels } from "./panels.tsx";
import { PresenceSwitch } from "./presence-switch.tsx";
import { ProfileMenu } from "./profile-menu.tsx";
import classes from "./shell.module.css";

/** The areas of the console, and below them what belongs to the user. */
export function Rail() {
  const t = useText();
  const { agent } = useServices();
  const { open } = usePanels();
  const inbox = useInboxCount();
  const chats = useChatCount();
  const activities = useActivityCount();
  return (
    <nav className={classes.rail} aria-label={t("nav.label")}>
      <span className={classes.mark}><Mark size={30} /></span>
      <Area to="/inbox" icon={IconInbox} label={t("nav.inbox")} count={inbox} keys="g i" />
      {agent && <Area to="/chats" icon={IconMessages} label={t("nav.chats")} count={chats} keys="g c" />}
      <Area to="/records" icon={IconAddressBook} label={t("nav.records")} count={0} keys="g r" />
      <Area to="/activities" icon={IconCalendarCheck} label={t("nav.activities")} count={activities} keys="g a" />
      <span className={classes.gap} />
      <Tooltip label={`${t("nav.search")} · ${modKey()} K`} position="right">
        <UnstyledButton className={classes.area} onClick={() => open("palette")} aria-label={t("nav.search")}>
          <IconSearch size={21} stroke={1.7} aria-hidden />
          <span className={classes.word}>{t("nav.search")}</span>
        </UnstyledButton>
      </Tooltip>
      <Tooltip label={t("settings.title")} position="right">
        <Link to="/settings" className={`${classes.area} ${classes.wideOnly}`} activeProps={{ "data-active": true }} aria-label={t("settings.title")}>
          <IconSettings size={21} stroke={1.7} aria-hidden />
          <span className={classes.word}>{t("settings.title")}</span>
        </Link>
      </Tooltip>
      <PresenceSwitch />
      <ProfileMenu />
    </nav>
  );
}

interface AreaProps {
  to: "/inbox" | "/activities" | "/chats" | "/records";
  icon: Icon;
  label: string;
  count: number;
  keys: string;
}

function Area({ to, icon: Symbol, label, count, keys }: AreaProps) {
  const t = useText();
  return (
    <Tooltip label={`${label} · ${keys}`} position="right">
      <Link to={to} className={classes.area} activeProps={{ "data-active": true }} aria-label={count > 0 ? t("nav.unread", { area: label, count }) : label}>
        <Indicator label={badge(count)} disabled={count === 0} size={16} offset={0} color="teal" classNames={{ indicator: classes.badge }}>
          <Symbol size={21} stroke={1.7} aria-hidden />
        </Indicator>
        <span className={classes.word}>{label}</span>
      </Link>
    </Tooltip>
  );
}

/** The name of the key that commands begin with here. */
export function modKey(): string {
  return /mac|iphone|ipad/iu.test(navigator.userAgent) ? "⌘" : "Ctrl";
}
