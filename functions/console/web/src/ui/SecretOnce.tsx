import type { ReactNode } from "react";
import { Button } from "./Button";
import { Code } from "./ApiRequest";
import { Dialog } from "./Dialog";
import { save } from "./save";

type Props = {
  title: string;
  secret: string;
  label?: string;
  /** Its name in a file of environment variables. */
  variable: string;
  /** Name of that file. */
  file?: string;
  /** What it is for, and what to do if it is lost. */
  children: ReactNode;
  /** What can be tried with it at once. */
  trial?: ReactNode;
  onStored: () => void;
};

/** A secret, shown this one time: the dialog closes only by saying that it is stored. Its owner forgets it then. */
export function SecretOnce({ title, secret, label = "Secret", variable, file = `${variable.toLowerCase()}.env`, children, trial, onStored }: Props) {
  return (
    <Dialog title={title} isOpen mustAnswer wide>
      {() => (
        <div className="stack">
          <div className="stack-small stretch">{children}</div>
          <Code text={secret} label={label} />
          {trial}
          <div className="dialog-foot">
            <Button icon="download" onPress={() => save(file, [`${variable}='${secret}'\n`], "text/plain")}>Save as {file}</Button>
            <Button kind="primary" onPress={onStored}>I stored it</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
