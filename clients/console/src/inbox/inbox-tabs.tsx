import { SegmentedControl } from "@mantine/core";
import { useText } from "../intl/intl.tsx";
import { useActivityCount } from "../shell/counts.ts";
import { badge } from "../shell/counts.ts";
import { TABS, type TabName } from "./query.ts";
import classes from "./inbox.module.css";

/** The lists of the inbox. */
export function InboxTabs({ tab, onChange }: { tab: TabName; onChange: (tab: TabName) => void }) {
  const t = useText();
  const urgent = useActivityCount();
  const label = (name: TabName) =>
    name === "activities" && urgent > 0 ? (
      <span className={classes.tab}>
        {t("inbox.activities")}
        <span className={classes.tabCount} aria-hidden>{badge(urgent)}</span>
        <span className="sr-only">{t("activity.urgent", { count: urgent })}</span>
      </span>
    ) : (
      t(`inbox.${name}`)
    );
  return (
    <div className={classes.tabs}>
      <SegmentedControl
        fullWidth
        size="xs"
        value={tab}
        onChange={(value) => onChange(TABS.find((name) => name === value) ?? "unread")}
        data={TABS.map((name) => ({ value: name, label: label(name) }))}
        aria-label={t("inbox.views")}
      />
    </div>
  );
}
