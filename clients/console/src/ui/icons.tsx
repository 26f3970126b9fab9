import {
  IconAddressBook,
  IconBriefcase,
  IconBuilding,
  IconCalendar,
  IconCalendarEvent,
  IconCategory,
  IconCheckbox,
  IconClipboardText,
  IconFileText,
  IconLifebuoy,
  IconListCheck,
  IconListDetails,
  IconMail,
  IconMapPin,
  IconNote,
  IconPackage,
  IconPhone,
  IconReceipt,
  IconShoppingCart,
  IconStack2,
  IconTargetArrow,
  IconTicket,
  IconTool,
  IconTruckDelivery,
  IconUpload,
  IconUser,
  IconUsers,
  IconVideo,
  type Icon,
} from "@tabler/icons-react";

const ICONS: Record<string, Icon> = {
  "address-book": IconAddressBook,
  briefcase: IconBriefcase,
  building: IconBuilding,
  calendar: IconCalendar,
  "calendar-event": IconCalendarEvent,
  category: IconCategory,
  checkbox: IconCheckbox,
  "clipboard-text": IconClipboardText,
  contact: IconUsers,
  "file-text": IconFileText,
  lead: IconTargetArrow,
  lifebuoy: IconLifebuoy,
  "list-check": IconListCheck,
  "list-details": IconListDetails,
  mail: IconMail,
  "map-pin": IconMapPin,
  note: IconNote,
  package: IconPackage,
  phone: IconPhone,
  receipt: IconReceipt,
  "shopping-cart": IconShoppingCart,
  target: IconTargetArrow,
  "target-arrow": IconTargetArrow,
  task: IconCheckbox,
  ticket: IconTicket,
  tool: IconTool,
  "truck-delivery": IconTruckDelivery,
  upload: IconUpload,
  user: IconUser,
  users: IconUsers,
  video: IconVideo,
};

/** The icons that a record type can have. */
export const ICON_NAMES: string[] = Object.keys(ICONS).sort();

/** The icon of a record type, by the name in its definition or its own name. */
export function TypeIcon({ icon, type = "", size = 18 }: { icon: string; type?: string; size?: number }) {
  const Found = ICONS[icon.replace(/^icon-/u, "")] ?? ICONS[type] ?? IconStack2;
  return <Found size={size} stroke={1.7} aria-hidden />;
}
