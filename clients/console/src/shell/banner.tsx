import { IconCloudOff, IconWifiOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useNetwork } from "@mantine/hooks";
import { useText } from "../intl/intl.tsx";
import { useLiveStatus } from "../services.tsx";
import classes from "./shell.module.css";

const PATIENCE = 5_000;

/** Says that the device is offline or that news do not come; silent about short drops. */
export function Banner() {
  const t = useText();
  const { online } = useNetwork();
  const { state, since } = useLiveStatus();
  const down = state !== "open";
  const late = useLate(down || !online, since);
  return (
    <output className={classes.bannerPlace}>
      {late && !online && (
        <div className={classes.banner}><IconWifiOff size={16} aria-hidden />{t("banner.offline")}</div>
      )}
      {late && online && down && (
        <div className={classes.banner}><IconCloudOff size={16} aria-hidden />{t("banner.streamDown")}</div>
      )}
    </output>
  );
}

/** True once something has been so for longer than short drops last. */
function useLate(is: boolean, since: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!is) return undefined;
    const timer = setTimeout(() => setLate(true), Math.max(0, PATIENCE - (Date.now() - since)));
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [is, since]);
  return is && late;
}
