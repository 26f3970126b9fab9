import { Outlet } from "@tanstack/react-router";
import { Loader } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useBrowserNotifications } from "../inbox/use-notifications.ts";
import { Keys } from "../keys/keys.tsx";
import { usePreferences } from "../preferences.ts";
import { ServicesProvider, useCaller } from "../services.tsx";
import { useSession } from "../session.tsx";
import { PresenceProvider } from "../ui/person.tsx";
import { Failure } from "../ui/states.tsx";
import { Banner } from "./banner.tsx";
import { DockProvider } from "./dock.tsx";
import { useHeartbeat } from "./heartbeat.ts";
import { PanelsProvider, usePanels } from "./panels.tsx";
import { Rail } from "./rail.tsx";
import { ShellKeys } from "./shell-keys.tsx";
import { useTitleCount } from "./counts.ts";
import classes from "./shell.module.css";

const Palette = lazy(() => import("./palette.tsx"));
const HelpSheet = lazy(() => import("./help-sheet.tsx"));
const ProfileDialog = lazy(() => import("./profile-dialog.tsx"));
const DockedChats = lazy(() => import("../chats/docked.tsx"));

/** Everything behind the door: waits for who the caller is, then shows the shell. */
export function SignedIn() {
  const session = useSession();
  const [preferences] = usePreferences();
  const { data, error, refetch } = useCaller();
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data?.user || !data.workspace) {
    return <div className={classes.waiting}><Loader aria-label="…" /></div>;
  }
  return (
    <ServicesProvider session={session} me={data.user} workspace={data.workspace}>
      <Keys enabled={preferences.keys}>
        <PresenceProvider>
          <PanelsProvider>
            <DockProvider userId={data.user.id}>
              <Shell />
            </DockProvider>
          </PanelsProvider>
        </PresenceProvider>
      </Keys>
    </ServicesProvider>
  );
}

function Shell() {
  useHeartbeat();
  useTitleCount();
  useBrowserNotifications();
  return (
    <div className={classes.shell}>
      <ShellKeys />
      <Rail />
      <Banner />
      <main className={classes.page} id="page">
        <Outlet />
      </main>
      <Overlays />
    </div>
  );
}

/** What floats: loaded when first asked for. */
function Overlays() {
  const { panel, close } = usePanels();
  return (
    <Suspense fallback={null}>
      {panel === "palette" && <Palette onClose={close} />}
      {panel === "help" && <HelpSheet onClose={close} />}
      {panel === "profile" && <ProfileDialog onClose={close} />}
      <DockedChats />
    </Suspense>
  );
}
