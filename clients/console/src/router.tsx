import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import type { SessionStore } from "./api/session.ts";
import { chatsSearch, inboxSearch, placeSearch, recordsSearch, signInSearch } from "./search.ts";
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

const record = createRoute({
  getParentRoute: () => records,
  path: "$type/$recordId",
  validateSearch: placeSearch,
  component: lazyRouteComponent(() => import("./records/record-page.tsx"), "RecordPage"),
});

const tree = root.addChildren([
  signIn,
  app.addChildren([home, inbox, chats.addChildren([chat]), records.addChildren([recordList, recordNew, record])]),
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
