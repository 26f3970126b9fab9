import { Skeleton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconBrandWhatsapp } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { MessengerService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";

const WhatsApp = lazy(() => import("./whatsapp-dialog.tsx"));

/** Writes by WhatsApp, on records whose type has an approved template. */
export function WhatsAppButton({ threadId }: { threadId: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const { data } = useQuery(MessengerService.method.listThreadTemplates, { threadId }, { staleTime: 300_000 });
  const templates = data?.templates ?? [];
  if (templates.length === 0) return null;
  return (
    <>
      <IconButton label={t("whatsapp.label")} onClick={() => setOpen(true)}><IconBrandWhatsapp size={18} stroke={1.7} /></IconButton>
      <Dialog opened={open} onClose={() => setOpen(false)} title={t("whatsapp.label")}>
        <Suspense fallback={<Skeleton h={240} />}><WhatsApp threadId={threadId} templates={templates} onClose={() => setOpen(false)} /></Suspense>
      </Dialog>
    </>
  );
}
