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
        <h1 className={classes.title}>{title}</h1>
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
};

/** A button with an icon only: its name shows when pointed at, and is read out. */
export function IconButton({ label, keys, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip label={keys ? <>{label} <kbd className={classes.kbd}>{keys}</kbd></> : label}>
      <ActionIcon variant="subtle" color="gray" className={classes.icon} aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
