import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import type { ComponentProps, ReactNode } from "react";
import { useText } from "../intl/intl.tsx";
import classes from "./header.module.css";

interface HeaderProps {
  title: ReactNode;
  /** Small text below the title. */
  detail?: ReactNode;
  /** Shown on narrow screens, to go back to the list. */
  back?: () => void;
  children?: ReactNode;
}

/** The head of a pane: what it is, and what can be done. */
export function Header({ title, detail, back, children }: HeaderProps) {
  const t = useText();
  return (
    <header className={classes.header}>
      {back && (
        <ActionIcon className={classes.back} variant="subtle" color="gray" onClick={back} aria-label={t("action.back")}>
          <IconArrowLeft size={18} className="flip" />
        </ActionIcon>
      )}
      <div className={classes.titles}>
        <h1 className={classes.title} dir={typeof title === "string" ? "auto" : undefined}>{title}</h1>
        {detail && <div className={classes.detail}>{detail}</div>}
      </div>
      <div className={classes.actions}>{children}</div>
    </header>
  );
}

type IconButtonProps = ComponentProps<typeof ActionIcon<"button">> & {
  label: string;
  /** Keys that do the same, to show. */
  keys?: string;
  /** True while what the button opened is open: the name would lie over it. */
  quiet?: boolean;
};

/** A button with an icon only: its name shows when pointed at, and is read out. */
export function IconButton({ label, keys, quiet = false, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip disabled={quiet} label={keys ? <>{label} <kbd className={classes.kbd}>{keys}</kbd></> : label}>
      <ActionIcon variant="subtle" color="gray" className={classes.icon} aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
