import {
  IconAddressBook,
  IconBriefcase,
  IconBuilding,
  IconCalendar,
  IconCheckbox,
  IconFileText,
  IconPackage,
  IconReceipt,
  IconShoppingCart,
  IconStack2,
  IconTargetArrow,
  IconTicket,
  IconTool,
  IconUser,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";

const ICONS: Record<string, Icon> = {
  "address-book": IconAddressBook,
  briefcase: IconBriefcase,
  building: IconBuilding,
  calendar: IconCalendar,
  checkbox: IconCheckbox,
  "file-text": IconFileText,
  package: IconPackage,
  receipt: IconReceipt,
  "shopping-cart": IconShoppingCart,
  target: IconTargetArrow,
  "target-arrow": IconTargetArrow,
  ticket: IconTicket,
  tool: IconTool,
  user: IconUser,
  users: IconUsers,
  contact: IconUsers,
  lead: IconTargetArrow,
  task: IconCheckbox,
};

/** The icon of a record type, by the name in its definition or its own name. */
export function TypeIcon({ icon, type = "", size = 18 }: { icon: string; type?: string; size?: number }) {
  const Found = ICONS[icon.replace(/^icon-/u, "")] ?? ICONS[type] ?? IconStack2;
  return <Found size={size} stroke={1.7} aria-hidden />;
}
