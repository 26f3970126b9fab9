import { Badge, Button } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { MailService, Role } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { Empty, FailureLine } from "../ui/states.tsx";
import { Frame } from "./frame.tsx";
import classes from "./settings.module.css";

/** Addresses from which mails came back. */
export function BouncesPage() {
  const t = useText();
  const queries = useQueryClient();
  const query = useInfiniteQuery(MailService.method.listBouncedAddresses, { pageSize: 100, pageToken: "" }, byPageToken);
  const addresses = query.data?.pages.flatMap((page) => page.addresses) ?? [];
  const reset = useMutation(MailService.method.resetBouncedAddress, {
    onSuccess: () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: MailService.method.listBouncedAddresses, cardinality: undefined }) }),
  });
  return (
    <Frame title={t("settings.bounces")} hint={t("bounce.hint")} role={Role.AGENT} query={query}>
      {reset.error && <FailureLine error={reset.error} />}
      {addresses.length === 0 && <Empty text={t("bounce.none")} />}
      {addresses.length > 0 && (
        <ul className={classes.rows}>
          {addresses.map((one) => (
            <li key={one.address} className={classes.item}>
              <div className={classes.itemText}>
                <div className={classes.itemTitle}>{one.address}{one.blocked && <Badge color="red">{t("bounce.blocked")}</Badge>}</div>
                <div className={classes.itemDetail}>{t("bounce.count", { count: one.bounceCount })} · <When at={one.bounceTime} />{one.reason !== "" && ` · ${one.reason}`}</div>
              </div>
              <Button variant="default" size="compact-sm" loading={reset.isPending && reset.variables?.address === one.address} onClick={() => reset.mutate({ address: one.address })}>{t("bounce.reset")}</Button>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && <Button variant="subtle" mt="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
    </Frame>
  );
}
