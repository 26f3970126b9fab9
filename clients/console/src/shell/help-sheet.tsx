import { Kbd, SimpleGrid, Stack, Text } from "@mantine/core";
import { Dialog } from "../ui/dialog.tsx";
import { useText, type TextId } from "../intl/intl.tsx";
import { modKey } from "./rail.tsx";
import classes from "./shell.module.css";

const GROUPS: { title: TextId; keys: [string, TextId][] }[] = [
  {
    title: "help.everywhere",
    keys: [
      ["g i", "help.toInbox"], ["g c", "help.toChats"], ["g r", "help.toRecords"], ["g a", "help.toActivities"],
      ["mod K", "help.palette"], ["/", "help.search"], ["?", "help.sheet"], ["Esc", "help.back"],
    ],
  },
  { title: "help.lists", keys: [["j", "help.next"], ["k", "help.previous"], ["Enter", "help.open"], ["e", "help.done"], ["c", "help.create"], ["s", "help.star"]] },
  { title: "help.conversations", keys: [["r", "help.reply"], ["n", "help.note"], ["mod Enter", "help.send"], ["@", "help.mention"]] },
];

/** All keys at a glance. */
export default function HelpSheet({ onClose }: { onClose: () => void }) {
  const t = useText();
  return (
    <Dialog opened onClose={onClose} title={t("help.title")} size="lg">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xl">
        {GROUPS.map((group) => (
          <Stack key={group.title} gap={6}>
            <Text fw={600}>{t(group.title)}</Text>
            {group.keys.map(([keys, text]) => (
              <div key={keys} className={classes.helpRow}>
                <span>{t(text)}</span>
                <span dir="ltr">{keys.replace("mod", modKey()).split(" ").map((key) => <Kbd key={key} size="sm">{key}</Kbd>)}</span>
              </div>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
      <Text c="dimmed" size="xs" mt="lg">{t("help.off")}</Text>
    </Dialog>
  );
}
