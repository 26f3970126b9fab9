import {
  IconBell,
  IconBrandWhatsapp,
  IconCalendarCheck,
  IconLanguage,
  IconListCheck,
  IconMail,
  IconMailX,
  IconStack2,
  IconAt,
  IconTemplate,
  type Icon,
} from "@tabler/icons-react";
import { Role } from "../api/contract.ts";
import type { TextId } from "../intl/intl.tsx";

/** The addresses of the settings. */
export type SettingsPath =
  | "/settings/notifications"
  | "/settings/templates"
  | "/settings/mail"
  | "/settings/aliases"
  | "/settings/bounces"
  | "/settings/whatsapp"
  | "/settings/translation"
  | "/settings/activity-types"
  | "/settings/activity-plans"
  | "/settings/types";

interface Page {
  to: SettingsPath;
  label: TextId;
  icon: Icon;
  /** The least role that may see it. */
  role: Role;
}

/** The pages of the settings, in their order. */
export const PAGES: readonly Page[] = [
  { to: "/settings/notifications", label: "settings.notifications", icon: IconBell, role: Role.MEMBER },
  { to: "/settings/templates", label: "settings.templates", icon: IconTemplate, role: Role.AGENT },
  { to: "/settings/bounces", label: "settings.bounces", icon: IconMailX, role: Role.AGENT },
  { to: "/settings/mail", label: "settings.mail", icon: IconMail, role: Role.ADMINISTRATOR },
  { to: "/settings/aliases", label: "settings.aliases", icon: IconAt, role: Role.ADMINISTRATOR },
  { to: "/settings/whatsapp", label: "settings.whatsapp", icon: IconBrandWhatsapp, role: Role.ADMINISTRATOR },
  { to: "/settings/translation", label: "settings.translation", icon: IconLanguage, role: Role.ADMINISTRATOR },
  { to: "/settings/activity-types", label: "settings.activityTypes", icon: IconCalendarCheck, role: Role.ADMINISTRATOR },
  { to: "/settings/activity-plans", label: "settings.activityPlans", icon: IconListCheck, role: Role.ADMINISTRATOR },
  { to: "/settings/types", label: "settings.recordTypes", icon: IconStack2, role: Role.ADMINISTRATOR },
];

/** The pages that somebody of a role may see. */
export function pagesFor(role: Role): readonly Page[] {
  return PAGES.filter((page) => role >= page.role);
}
