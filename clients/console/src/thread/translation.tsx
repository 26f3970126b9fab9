import { Alert, Anchor, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { IconLanguage } from "@tabler/icons-react";
import { useIntl } from "react-intl";
import { Role, TranslationProvider, TranslationService, type Message } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { usePreferences } from "../preferences.ts";
import { useServices } from "../services.tsx";
import { FailureLine } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import classes from "./message.module.css";

const PROVIDERS: Partial<Record<TranslationProvider, string>> = {
  [TranslationProvider.GOOGLE]: "Google",
  [TranslationProvider.LIBRE_TRANSLATE]: "LibreTranslate",
};

/** A message in the reader's language, under the message itself. */
export function Translation({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useText();
  const intl = useIntl();
  const [{ locale }] = usePreferences();
  const { data, error, refetch } = useQuery(
    TranslationService.method.translateMessage,
    { threadId: message.threadId, messageId: message.id, language: locale },
    { staleTime: 300_000 },
  );
  if (error) return <Refusal error={error} retry={() => void refetch()} onClose={onClose} />;
  if (!data) return <Skeleton h={20} w={220} mt={4} />;
  const from = data.sourceLanguage === "" ? "" : (intl.formatDisplayName(data.sourceLanguage, { type: "language" }) ?? data.sourceLanguage);
  return (
    <div className={classes.translation} lang={data.language}>
      <Body text={data.text} mentions={message.mentions} />
      <span className={classes.translationFoot}>
        <IconLanguage size={14} aria-hidden />
        {t("translate.by", { provider: PROVIDERS[data.provider] ?? "", from, known: from === "" ? "no" : "yes" })}
        <UnstyledButton className={classes.fold} onClick={onClose}>{t("translate.hide")}</UnstyledButton>
      </span>
    </div>
  );
}

function Refusal({ error, retry, onClose }: { error: unknown; retry: () => void; onClose: () => void }) {
  const t = useText();
  const { me } = useServices();
  const { reason } = toFault(error);
  const admin = me.role === Role.ADMINISTRATOR;
  if (reason !== "TRANSLATION_NOT_SET_UP" && reason !== "TRANSLATION_REFUSED") return <FailureLine error={error} retry={retry} />;
  return (
    <Alert color="gray" p="xs" mt={4} icon={<IconLanguage size={16} />} withCloseButton closeButtonLabel={t("action.close")} onClose={onClose}>
      <Text size="xs">
        {reason === "TRANSLATION_NOT_SET_UP" ? t("translate.notSetUp") : t("translate.refused")}{" "}
        {admin ? <Anchor size="xs" renderRoot={(props) => <Link to="/settings/translation" {...props} />}>{t("translate.settings")}</Anchor> : t("translate.askAdmin")}
      </Text>
    </Alert>
  );
}
