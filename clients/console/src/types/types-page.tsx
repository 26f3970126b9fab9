import { NavLink } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link, Navigate, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { IconPlus } from "@tabler/icons-react";
import { Role } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { useServices } from "../services.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { TypeIcon } from "../ui/icons.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { NEW_TYPE } from "./new-type.ts";
import classes from "../records/records.module.css";

/** The record types of the workspace, for administrators: a list, and the one that is edited. */
export function TypesPage() {
  const t = useText();
  const { me } = useServices();
  const go = useNavigate();
  const { typeName } = useParams({ strict: false });
  const { data, error, isPending, refetch } = useRecordTypes();
  const narrow = useMediaQuery("(max-width: 800px)", false, { getInitialValueInEffect: false });
  if (me.role !== Role.ADMINISTRATOR) return <Empty text={t("types.forbidden")} />;
  if (isPending) return <RowSkeletons />;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  const types = data?.recordTypes ?? [];
  const [first] = types;
  if (!typeName && !narrow) return <Navigate to="/settings/types/$typeName" params={{ typeName: first?.name ?? NEW_TYPE }} replace />;
  return (
    <div className={classes.page} data-detail={typeName !== undefined}>
      <nav className={classes.types} aria-label={t("types.title")}>
        <Header title={t("types.title")} back={() => void go({ to: "/settings" })}>
          <IconButton label={t("types.newTitle")} onClick={() => void go({ to: "/settings/types/$typeName", params: { typeName: NEW_TYPE } })}><IconPlus size={18} /></IconButton>
        </Header>
        <div className={classes.typeList}>
          {types.map((one) => (
            <NavLink
              key={one.name}
              renderRoot={(props) => <Link to="/settings/types/$typeName" params={{ typeName: one.name }} {...props} />}
              active={one.name === typeName}
              label={one.label}
              description={one.builtIn ? undefined : t("types.own")}
              leftSection={<TypeIcon icon={one.icon} type={one.name} />}
              className={classes.type}
            />
          ))}
        </div>
      </nav>
      <div className={classes.detail}><Outlet /></div>
    </div>
  );
}
