import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@fontsource-variable/inter/wght.css";
import "./theme/global.css";
import type { Transport } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { DirectionContext, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider, type RouterHistory } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import type { SessionStore } from "./api/session.ts";
import { Texts } from "./intl/intl.tsx";
import { directionOf, localeFor } from "./intl/locale.ts";
import { usePreferences } from "./preferences.ts";
import { createAppRouter } from "./router.tsx";
import { SessionContext } from "./session.tsx";
import { theme, tokens } from "./theme/theme.ts";

/** The cache of everything the server answered. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        // The transport tries again by itself.
        retry: false,
        refetchOnWindowFocus: false,
      },
    },
  });
}

interface AppProps {
  transport: Transport;
  session: SessionStore;
  /** Where addresses are kept; unset: the browser's address bar. */
  history?: RouterHistory;
}

/** The whole console. */
export function App({ transport, session, history }: AppProps) {
  const token = useSyncExternalStore(session.subscribe, session.get);
  // Another session must never see what the one before had loaded.
  const queries = useMemo(() => createQueryClient(), [token]); // oxlint-disable-line react-hooks/exhaustive-deps -- see above
  const router = useMemo(() => createAppRouter(session, history), [session, history]);
  const [preferences] = usePreferences();
  const locale = localeFor(preferences.locale, navigator.languages);

  useEffect(() => {
    void router.invalidate();
  }, [router, token]);

  return (
    <Directed locale={locale}>
      <QueryClientProvider client={queries}>
        <TransportProvider transport={transport}>
          <SessionContext value={session}>
            <Texts locale={locale}>
              <Notifications position="bottom-left" limit={4} />
              <RouterProvider router={router} />
            </Texts>
          </SessionContext>
        </TransportProvider>
      </QueryClientProvider>
    </Directed>
  );
}

/** The page and its components in the direction of a locale's script. */
function Directed({ locale, children }: { locale: string; children: ReactNode }) {
  const dir = directionOf(locale);
  const direction = useMemo(() => ({ dir, setDirection: () => undefined, toggleDirection: () => undefined }), [dir]);
  useLayoutEffect(() => {
    document.documentElement.lang = locale;
    document.documentElement.dir = dir;
  }, [locale, dir]);
  return (
    <DirectionContext value={direction}>
      <MantineProvider theme={theme} cssVariablesResolver={tokens} defaultColorScheme="auto">{children}</MantineProvider>
    </DirectionContext>
  );
}
