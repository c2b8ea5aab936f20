import type { ReactNode } from "react";
import { Dialog as AriaDialog, DialogTrigger, Heading, Modal, ModalOverlay, Popover } from "react-aria-components";
import { IconButton } from "./Button";

type Props = {
  title: string;
  children: (close: () => void) => ReactNode;
  /** The button that opens it; or it is opened by `isOpen`. */
  trigger?: ReactNode;
  isOpen?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** `drawer` comes from the right. */
  kind?: "dialog" | "drawer";
  /** Must be answered: neither Esc nor a press outside closes it. */
  mustAnswer?: boolean;
  wide?: boolean;
};

/** A dialog over the page. */
export function Dialog({ title, children, trigger, isOpen, onOpenChange, kind = "dialog", mustAnswer, wide }: Props) {
  const control = { ...(isOpen !== undefined ? { isOpen } : {}), ...(onOpenChange ? { onOpenChange } : {}) };
  const overlay = (
    <ModalOverlay className={`overlay overlay-${kind}`} isDismissable={!mustAnswer} isKeyboardDismissDisabled={mustAnswer ?? false} {...(trigger ? {} : control)}>
      <Modal className={`modal modal-${kind}${wide ? " modal-wide" : ""}`}>
        <AriaDialog className="dialog">
          {({ close }) => (
            <>
              <header className="dialog-head">
                <Heading slot="title">{title}</Heading>
                {!mustAnswer && <IconButton icon="close" label="Close" onPress={close} />}
              </header>
              <div className="dialog-body">{children(close)}</div>
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
  return trigger ? <DialogTrigger {...control}>{trigger}{overlay}</DialogTrigger> : overlay;
}

/** A small dialog beside its button. */
export function Popup({ label, trigger, children, placement = "bottom start", isOpen, onOpenChange }: {
  label: string;
  trigger: ReactNode;
  children: (close: () => void) => ReactNode;
  placement?: "bottom start" | "bottom end";
  isOpen?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  return (
    <DialogTrigger {...(isOpen !== undefined ? { isOpen } : {})} {...(onOpenChange ? { onOpenChange } : {})}>
      {trigger}
      <Popover className="popover popover-dialog" placement={placement}>
        <AriaDialog aria-label={label} className="popup">{({ close }) => <>{children(close)}</>}</AriaDialog>
      </Popover>
    </DialogTrigger>
  );
}
