import { Menu, SegmentedControl, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { IconBell, IconKeyboard, IconLogout, IconSettings, IconUserCog } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { IdentityService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Face } from "../ui/person.tsx";
import { usePanels } from "./panels.tsx";
import classes from "./shell.module.css";

/** Who is signed in, and what is theirs to set. */
export function ProfileMenu() {
  const t = useText();
  const { me, workspace, session } = useServices();
  const { open } = usePanels();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useMutation(IdentityService.method.signOut, { onSettled: () => session.set(null) });
  return (
    <Menu position="right-end" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.area} aria-label={t("profile.menu", { name: me.name })}>
          <Face id={me.id} name={me.name} size={30} />
          <span className={classes.word}>{t("profile.short")}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <Text fw={600} truncate>{me.name}</Text>
          <Text c="dimmed" size="xs" truncate>{me.email}</Text>
          <Text c="dimmed" size="xs" truncate>{workspace.title}</Text>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconUserCog size={16} />} onClick={() => open("profile")}>{t("profile.settings")}</Menu.Item>
        <Menu.Item leftSection={<IconBell size={16} />} onClick={() => void navigate({ to: "/settings/notifications" })}>{t("settings.notifications")}</Menu.Item>
        <Menu.Item leftSection={<IconSettings size={16} />} onClick={() => void navigate({ to: "/settings" })}>{t("settings.title")}</Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={() => open("help")} rightSection={<Text c="dimmed" size="xs">?</Text>}>
          {t("help.title")}
        </Menu.Item>
        <div className={classes.scheme}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t("profile.scheme")}
            value={colorScheme}
            onChange={(value) => setColorScheme(value)}
            data={[
              { value: "light", label: t("scheme.light") },
              { value: "dark", label: t("scheme.dark") },
              { value: "auto", label: t("scheme.auto") },
            ]}
          />
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} className="flip" />} onClick={() => signOut.mutate({})}>{t("profile.signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
