import type { SearchMessagesResponse } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import classes from "./search.module.css";

/** How many were found, and whether only what looks alike was. */
export function HitCount({ first }: { first: SearchMessagesResponse }) {
  const t = useText();
  const count = first.totalExceeded ? t("search.more", { count: first.totalCount }) : t("search.count", { count: first.totalCount });
  return (
    <span className={classes.count} role="status">
      {count}
      {first.approximate && <span> · {t("search.approximate")}</span>}
    </span>
  );
}
