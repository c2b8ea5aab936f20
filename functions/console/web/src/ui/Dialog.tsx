import { useRef, useState, type ReactNode, type RefObject } from "react";
import { ButtonContext } from "react-aria-components";
import { Boundary } from "./Boundary";
import { later } from "./later";
import type { ModalProps, PopoverProps } from "./overlays";

// What is shown over a page takes as much code as the page: it comes once the page is there, or when the first one is opened.
const ModalDialog = later<ModalProps>(async () => (await import("./overlays")).ModalDialog, null);
const PopoverDialog = later<PopoverProps>(async () => (await import("./overlays")).PopoverDialog, null);

/** Loads what dialogs need before one is opened. */
export const loadDialogs = ModalDialog.load;

type Opening = {
  /** The button that opens it; or it is opened by `isOpen`. */
  trigger?: ReactNode;
  isOpen?: boolean | undefined;
  onOpenChange?: ((open: boolean) => void) | undefined;
  children: (close: () => void) => ReactNode;
};

type Props = Opening & {
  title: string;
  /** `drawer` comes from the right. */
  kind?: "dialog" | "drawer";
  /** Must be answered: neither Esc nor a press outside closes it. */
  mustAnswer?: boolean;
  wide?: boolean;
};

/** A dialog over the page. */
export function Dialog({ title, children, trigger, isOpen, onOpenChange, kind = "dialog", mustAnswer = false, wide = false }: Props) {
  const opened = useOpened(isOpen, onOpenChange);
  return (
    <>
      {trigger && <Trigger of={opened}>{trigger}</Trigger>}
      {opened.ever && <Boundary><ModalDialog {...{ title, children, kind, mustAnswer, wide }} isOpen={opened.isOpen} onOpenChange={opened.change} /></Boundary>}
    </>
  );
}

/** A small dialog beside its button. */
export function Popup({ label, trigger, children, placement = "bottom start", isOpen, onOpenChange }: Opening & { label: string; placement?: PopoverProps["placement"] }) {
  const opened = useOpened(isOpen, onOpenChange);
  return (
    <>
      <Trigger of={opened}>{trigger}</Trigger>
      {opened.ever && <Boundary><PopoverDialog {...{ label, children, placement }} triggerRef={opened.ref} isOpen={opened.isOpen} onOpenChange={opened.change} /></Boundary>}
    </>
  );
}

/** Whether something is open, and whether it ever was: it stays after the first time, so that it returns the focus when it closes. */
export type Opened = { isOpen: boolean; ever: boolean; change: (open: boolean) => void; ref: RefObject<HTMLButtonElement | null> };

export function useOpened(given?: boolean, onOpenChange?: (open: boolean) => void): Opened {
  const [own, setOwn] = useState(false);
  const isOpen = given ?? own;
  const [ever, setEver] = useState(isOpen);
  const ref = useRef<HTMLButtonElement>(null);
  if (isOpen && !ever) setEver(true);
  const change = (open: boolean) => {
    setOwn(open);
    onOpenChange?.(open);
  };
  return { isOpen, ever, change, ref };
}

/** Makes the button within open and close something. */
export function Trigger({ of: { isOpen, change, ref }, children }: { of: Opened; children: ReactNode }) {
  return <ButtonContext value={{ ref, "aria-expanded": isOpen, onPress: () => change(!isOpen) }}>{children}</ButtonContext>;
}
