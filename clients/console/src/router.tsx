import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import type { SessionStore } from "./api/session.ts";
import { chatsSearch, inboxSearch, messagesSearch, placeSearch, quarantineSearch, recordSearch, recordsSearch, signInSearch, templatesSearch } from "./search.ts";
import { activitiesSearch } from "./activities/search.ts";
import { Lost, NoPage } from "./shell/lost.tsx";
import { SignedIn } from "./shell/signed-in.tsx";
import { SignIn } from "./signin/sign-in.tsx";

interface Context {
  signedIn: () => boolean;
}

const root = createRootRouteWithContext<Context>()({ errorComponent: Lost, notFoundComponent: NoPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: SignIn,
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: ({ context, location }) => {
    if (!context.signedIn()) throw redirect({ to: "/sign-in", search: { to: location.href }, replace: true });
  },
  component: SignedIn,
  errorComponent: Lost,
});

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox", replace: true });
  },
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  validateSearch: inboxSearch,
  component: lazyRouteComponent(() => import("./inbox/inbox-page.tsx"), "InboxPage"),
});

const activities = createRoute({
  getParentRoute: () => app,
  path: "/activities",
  validateSearch: activitiesSearch,
  component: lazyRouteComponent(() => import("./activities/activities-page.tsx"), "ActivitiesPage"),
});

const quarantine = createRoute({
  getParentRoute: () => app,
  path: "/quarantine",
  validateSearch: quarantineSearch,
  component: lazyRouteComponent(() => import("./quarantine/quarantine-page.tsx"), "QuarantinePage"),
});

const search = createRoute({
  getParentRoute: () => app,
  path: "/search",
  validateSearch: messagesSearch,
  component: lazyRouteComponent(() => import("./search/search-page.tsx"), "SearchPage"),
});

const chats = createRoute({
  getParentRoute: () => app,
  path: "/chats",
  validateSearch: chatsSearch,
  component: lazyRouteComponent(() => import("./chats/chats-page.tsx"), "ChatsPage"),
});

const chat = createRoute({
  getParentRoute: () => chats,
  path: "$chatId",
  validateSearch: placeSearch,
  component: lazyRouteComponent(() => import("./chats/conversation.tsx"), "ConversationPage"),
});

const records = createRoute({
  getParentRoute: () => app,
  path: "/records",
  component: lazyRouteComponent(() => import("./records/records-page.tsx"), "RecordsPage"),
});

const recordList = createRoute({
  getParentRoute: () => records,
  path: "$type",
  validateSearch: recordsSearch,
  component: lazyRouteComponent(() => import("./records/list-page.tsx"), "ListPage"),
});

const recordNew = createRoute({
  getParentRoute: () => records,
  path: "$type/new",
  component: lazyRouteComponent(() => import("./records/create-page.tsx"), "CreatePage"),
});

const recordImport = createRoute({
  getParentRoute: () => records,
  path: "$type/import",
  component: lazyRouteComponent(() => import("./imports/import-page.tsx"), "ImportPage"),
});

const record = createRoute({
  getParentRoute: () => records,
  path: "$type/$recordId",
  validateSearch: recordSearch,
  component: lazyRouteComponent(() => import("./records/record-page.tsx"), "RecordPage"),
});

const recordTypes = createRoute({
  getParentRoute: () => app,
  path: "/settings/types",
  component: lazyRouteComponent(() => import("./types/types-page.tsx"), "TypesPage"),
});

const recordType = createRoute({
  getParentRoute: () => recordTypes,
  path: "$typeName",
  component: lazyRouteComponent(() => import("./types/type-page.tsx"), "TypePage"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/settings-page.tsx"), "SettingsPage"),
});

const setNotifications = createRoute({
  getParentRoute: () => settings,
  path: "notifications",
  component: lazyRouteComponent(() => import("./settings/notifications.tsx"), "NotificationsPage"),
});

const setTemplates = createRoute({
  getParentRoute: () => settings,
  path: "templates",
  validateSearch: templatesSearch,
  component: lazyRouteComponent(() => import("./templates/templates-page.tsx"), "TemplatesPage"),
});

const setMail = createRoute({
  getParentRoute: () => settings,
  path: "mail",
  component: lazyRouteComponent(() => import("./settings/mail.tsx"), "MailPage"),
});

const setAliases = createRoute({
  getParentRoute: () => settings,
  path: "aliases",
  component: lazyRouteComponent(() => import("./settings/aliases.tsx"), "AliasesPage"),
});

const setBounces = createRoute({
  getParentRoute: () => settings,
  path: "bounces",
  component: lazyRouteComponent(() => import("./settings/bounces.tsx"), "BouncesPage"),
});

const setWhatsApp = createRoute({
  getParentRoute: () => settings,
  path: "whatsapp",
  component: lazyRouteComponent(() => import("./settings/whatsapp.tsx"), "WhatsAppPage"),
});

const setTranslation = createRoute({
  getParentRoute: () => settings,
  path: "translation",
  component: lazyRouteComponent(() => import("./settings/translation.tsx"), "TranslationPage"),
});

const setActivityTypes = createRoute({
  getParentRoute: () => settings,
  path: "activity-types",
  component: lazyRouteComponent(() => import("./settings/activity-types.tsx"), "ActivityTypesPage"),
});

const setActivityPlans = createRoute({
  getParentRoute: () => settings,
  path: "activity-plans",
  component: lazyRouteComponent(() => import("./settings/activity-plans.tsx"), "ActivityPlansPage"),
});

const tree = root.addChildren([
  signIn,
  app.addChildren([home, inbox, activities, quarantine, search, settings.addChildren([setNotifications, setTemplates, setMail, setAliases, setBounces, setWhatsApp, setTranslation, setActivityTypes, setActivityPlans]), chats.addChildren([chat]), records.addChildren([recordList, recordNew, recordImport, record]), recordTypes.addChildren([recordType])]),
]);

/** The addresses of the console. */
export function createAppRouter(session: SessionStore, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    basepath: history ? "/" : import.meta.env.BASE_URL,
    history,
    context: { signedIn: () => session.get() !== null },
    defaultPreload: "intent",
    defaultPendingMs: 300,
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
