import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { ChatterService, type Message } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useServices } from "../services.tsx";
import { useFaultText } from "../ui/states.tsx";

/** What can be changed about a message in one step; what fails is told. */
export function useMessageChanges(message: Message) {
  const { cache, me } = useServices();
  const queries = useQueryClient();
  const faultText = useFaultText();
  const options = {
    onSuccess: (answer: { message?: Message }) => answer.message && cache.message(answer.message),
    onError: (error: unknown) => void notifications.show({ color: "red", message: faultText(toFault(error)) }),
  };
  const ids = { threadId: message.threadId, messageId: message.id };
  const reaction = useMutation(ChatterService.method.setReaction, options);
  const pin = useMutation(ChatterService.method.setPinned, options);
  const remove = useMutation(ChatterService.method.deleteMessage, options);
  const star = useMutation(ChatterService.method.setStarred, {
    onError: options.onError,
    onSuccess: () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listInbox, cardinality: undefined }) }),
  });
  return {
    /** Answers with an emoji, or takes one's own back. */
    react: (emoji: string) => {
      const mine = message.reactions.some((one) => one.emoji === emoji && one.parties.some((party) => party.id === me.id));
      reaction.mutate({ ...ids, emoji, removed: mine });
    },
    pin: () => pin.mutate({ ...ids, pinned: message.pinnedBy === undefined }),
    star: (starred: boolean) => star.mutate({ ...ids, starred }),
    remove: () => remove.mutate(ids),
  };
}
