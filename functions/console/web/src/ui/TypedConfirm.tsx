import { useState, type FormEvent, type ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { TextBox } from "./fields";
import { Failed } from "./states";

type Props = {
  title: string;
  /** What has to be typed, and what it is: `the name of the token`. */
  word: string;
  what: string;
  /** The button that does it. */
  action: string;
  children: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
  problem: Problem | null;
  busy: boolean;
};

// A page shows several blanks as one.
const plain = (text: string): string => text.normalize("NFC").replace(/\s+/g, " ").trim();

/** Asks to type a name before something that cannot be undone. */
export function TypedConfirm({ title, word, what, action, children, onConfirm, onClose, problem, busy }: Props) {
  const [typed, setTyped] = useState("");
  const right = plain(typed) === plain(word);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right && !busy) onConfirm();
  };
  return (
    <Dialog title={title} isOpen onOpenChange={(open) => !open && onClose()}>
      {() => (
        <form className="stack" onSubmit={submit}>
          {children}
          <p>To confirm, type {what}: <strong><bdi>{word}</bdi></strong></p>
          <TextBox label={`Type ${what}`} value={typed} onChange={setTyped} autoFocus />
          {problem && <Failed problem={problem} />}
          <div className="dialog-foot">
            <Button onPress={onClose}>Cancel</Button>
            <Button type="submit" kind="danger" isDisabled={!right || busy}>{action}</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** Keeps the focus on the page when what had it is removed, as a row that is deleted. */
export function keepFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body) document.getElementById("page")?.focus({ preventScroll: true });
  }, 100);
}
