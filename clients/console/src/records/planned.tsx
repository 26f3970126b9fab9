import { lazy, Suspense } from "react";
import classes from "./side.module.css";

const ActivityPanel = lazy(async () => ({ default: (await import("../activities/activity-panel.tsx")).ActivityPanel }));

/** The planned activities of a record, above its conversation. */
export function Planned({ recordId, recordType }: { recordId: string; recordType: string }) {
  return (
    <div className={classes.planned}>
      <Suspense fallback={null}>
        <ActivityPanel recordId={recordId} recordType={recordType} />
      </Suspense>
    </div>
  );
}
