import type { ReactNode, RefObject } from "react";
import { Dialog, Heading, Modal, ModalOverlay, Popover } from "react-aria-components";
import { IconButton } from "./Button";

type Open = { isOpen: boolean; onOpenChange: (open: boolean) => void; children: (close: () => void) => ReactNode };

export type ModalProps = Open & { title: string; kind: "dialog" | "drawer"; mustAnswer: boolean; wide: boolean };

/** What a dialog over the page shows. */
export function ModalDialog({ isOpen, onOpenChange, title, children, kind, mustAnswer, wide }: ModalProps) {
  return (
    <ModalOverlay className={`overlay overlay-${kind}`} isDismissable={!mustAnswer} isKeyboardDismissDisabled={mustAnswer} isOpen={isOpen} onOpenChange={onOpenChange}>
      <Modal className={`modal modal-${kind}${wide ? " modal-wide" : ""}`}>
        <Dialog className="dialog">
          {({ close }) => (
            <>
              <header className="dialog-head">
                <Heading slot="title">{title}</Heading>
                {!mustAnswer && <IconButton icon="close" label="Close" onPress={close} />}
              </header>
              <div className="dialog-body">{children(close)}</div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export type PopoverProps = Open & { label: string; placement: "bottom start" | "bottom end"; triggerRef: RefObject<HTMLButtonElement | null> };

/** What a small dialog beside its button shows. */
export function PopoverDialog({ label, children, ...place }: PopoverProps) {
  return (
    <Popover className="popover popover-dialog" {...place}>
      <Dialog aria-label={label} className="popup">{({ close }) => <>{children(close)}</>}</Dialog>
    </Popover>
  );
}
