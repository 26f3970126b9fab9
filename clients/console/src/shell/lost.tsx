import { Button } from "@mantine/core";
import { Link, type ErrorComponentProps } from "@tanstack/react-router";
import { useText } from "../intl/intl.tsx";
import { Empty, Failure } from "../ui/states.tsx";

/** What stands in for a page that broke. */
export function Lost({ error, reset }: ErrorComponentProps) {
  return <Failure error={error} retry={reset} />;
}

/** An address that leads nowhere. */
export function NoPage() {
  const t = useText();
  return <Empty text={t("error.noPage")} action={<Button component={Link} to="/inbox" variant="default">{t("action.toInbox")}</Button>} />;
}
