import { Link, Outlet, useMatchRoute, useNavigate } from "@tanstack/react-router";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Header } from "../ui/header.tsx";
import { Panes } from "../ui/panes.tsx";
import { Empty } from "../ui/states.tsx";
import { pagesFor } from "./pages.ts";
import classes from "./settings.module.css";

/** The settings: a list of pages, and one of them. */
export function SettingsPage() {
  const t = useText();
  const { me } = useServices();
  const index = useMatchRoute()({ to: "/settings" }) !== false;
  return (
    <Panes
      detail={!index}
      listLabel={t("settings.title")}
      list={
        <>
          <Header title={t("settings.title")} />
          <nav className={classes.nav} aria-label={t("settings.title")}>
            {pagesFor(me.role).map(({ to, label, icon: Symbol }) => (
              <Link key={to} to={to} className={classes.link} activeProps={{ "data-active": true }}>
                <Symbol size={18} stroke={1.7} aria-hidden />
                {t(label)}
              </Link>
            ))}
          </nav>
        </>
      }
    >
      {index ? <Empty text={t("settings.choose")} /> : <Outlet />}
    </Panes>
  );
}

/** Leads back to the list of pages, on narrow screens. */
export function useToSettings(): () => void {
  const navigate = useNavigate();
  return () => void navigate({ to: "/settings" });
}
