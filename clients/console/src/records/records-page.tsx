import { NavLink } from "@mantine/core";
import { Link, Navigate, Outlet, useParams } from "@tanstack/react-router";
import { useMediaQuery } from "@mantine/hooks";
import { useText } from "../intl/intl.tsx";
import { Header } from "../ui/header.tsx";
import { TypeIcon } from "../ui/icons.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { useRecordTypes } from "./query.ts";
import classes from "./records.module.css";

const LAST = "parley.lastType";

/** The records of the workspace: their types on the side, and what is chosen of them. */
export function RecordsPage() {
  const t = useText();
  const { type, recordId } = useParams({ strict: false });
  const { data, error, isPending, refetch } = useRecordTypes();
  const narrow = useMediaQuery("(max-width: 800px)", false, { getInitialValueInEffect: false });
  const types = data?.recordTypes ?? [];
  if (isPending) return <RowSkeletons />;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (types.length === 0) return <Empty text={t("records.noTypes")} />;
  if (type) localStorage.setItem(LAST, type);
  if (!type && !narrow) {
    const last = types.find((one) => one.name === localStorage.getItem(LAST)) ?? types[0];
    if (last) return <Navigate to="/records/$type" params={{ type: last.name }} replace />;
  }
  return (
    <div className={classes.page} data-detail={type !== undefined}>
      {!recordId && (
        <nav className={classes.types} aria-label={t("records.types")}>
          <Header title={t("nav.records")} />
          <div className={classes.typeList}>
            {types.map((one) => (
              <NavLink
                key={one.name}
                renderRoot={(props) => <Link to="/records/$type" params={{ type: one.name }} {...props} />}
                active={one.name === type}
                label={one.pluralLabel || one.label}
                leftSection={<TypeIcon icon={one.icon} type={one.name} />}
                className={classes.type}
              />
            ))}
          </div>
        </nav>
      )}
      <div className={classes.detail}><Outlet /></div>
    </div>
  );
}
