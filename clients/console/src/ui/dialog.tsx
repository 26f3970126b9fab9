import { Modal, type ModalProps } from "@mantine/core";
import { useText } from "../intl/intl.tsx";

/** Something modal, with a name on the button that closes it. */
export function Dialog(props: ModalProps) {
  const t = useText();
  return <Modal closeButtonProps={{ "aria-label": t("action.close") }} {...props} />;
}
