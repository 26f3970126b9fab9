import { Button, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { Code } from "@connectrpc/connect";
import { getRouteApi } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { toFault } from "../api/fault.ts";
import { IdentityService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useSession } from "../session.tsx";
import { FailureLine } from "../ui/states.tsx";
import { Mark } from "../ui/mark.tsx";
import classes from "./sign-in.module.css";

const route = getRouteApi("/sign-in");
const WORKSPACE = "parley.workspace";

/** The door. */
export function SignIn() {
  const t = useText();
  const session = useSession();
  const { to } = route.useSearch();
  const navigate = route.useNavigate();
  const [workspace, setWorkspace] = useState(() => localStorage.getItem(WORKSPACE) ?? "");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation(IdentityService.method.signIn, {
    onSuccess: (answer) => {
      localStorage.setItem(WORKSPACE, workspace.trim());
      session.set(answer.token);
      void navigate({ href: to ?? "/inbox", replace: true });
    },
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    signIn.mutate({ workspace: workspace.trim().toLowerCase(), email: email.trim(), password });
  }

  return (
    <main className={classes.page}>
      <form className={classes.card} onSubmit={submit}>
        <Stack gap="md">
          <div className={classes.brand}>
            <Mark size={36} />
            <div>
              <Title order={1}>{t("signIn.title")}</Title>
              <Text c="dimmed" size="xs">{t("signIn.hint")}</Text>
            </div>
          </div>
          <TextInput
            label={t("signIn.workspace")}
            description={t("signIn.workspaceHint")}
            value={workspace}
            onChange={(event) => setWorkspace(event.currentTarget.value)}
            autoComplete="organization"
            autoCapitalize="none"
            spellCheck={false}
          />
          <TextInput
            label={t("signIn.email")}
            type="email"
            required
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page is there to fill this in
            autoFocus
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoComplete="username"
          />
          <PasswordInput
            label={t("signIn.password")}
            size="sm"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
          />
          {signIn.error && <SignInError error={signIn.error} />}
          <Button type="submit" size="sm" loading={signIn.isPending} fullWidth>{t("signIn.action")}</Button>
        </Stack>
      </form>
    </main>
  );
}

function SignInError({ error }: { error: unknown }) {
  const t = useText();
  const { code } = toFault(error);
  const text =
    code === Code.Unauthenticated ? t("signIn.failed")
    : code === Code.ResourceExhausted ? t("signIn.tooMany")
    : undefined;
  if (!text) return <FailureLine error={error} />;
  return <Text role="alert" c="var(--mantine-color-error)" size="xs">{text}</Text>;
}
