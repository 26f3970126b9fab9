import { DueUnit, PlanDirection, type ActivityPlanItem, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";

/** Names a unit of time in a text's placeholder. */
export function unitName(unit: DueUnit): "day" | "week" | "month" {
  if (unit === DueUnit.WEEK) return "week";
  return unit === DueUnit.MONTH ? "month" : "day";
}

/** Says what an item of a plan is: "Call: ask for the floor plan, 2 days after". */
export function usePlanText(): (item: ActivityPlanItem, types: readonly ActivityType[]) => string {
  const t = useText();
  return (item, types) => {
    const type = types.find((one) => one.id === item.typeId);
    const title = item.summary || type?.defaultSummary;
    const name = title ? `${type?.name ?? ""}: ${title}` : (type?.name ?? "");
    const unit = unitName(item.unit);
    const when =
      item.count === 0 ? t("activity.onDate") : item.direction === PlanDirection.BEFORE ? t(`activity.before.${unit}`, { count: item.count }) : t(`activity.after.${unit}`, { count: item.count });
    return `${name}, ${when}`;
  };
}
