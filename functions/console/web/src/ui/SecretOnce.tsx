import { Button } from "./Button";
import { Code } from "./ApiRequest";
import { Dialog } from "./Dialog";
import { save } from "./save";

type Props = {
  title: string;
  secret: string;
  /** Its name in a file of environment variables. */
  variable: string;
  /** What it is for, and what to do if it is lost. */
  children: React.ReactNode;
  onStored: () => void;
};

/** A secret, shown this one time: the dialog closes only by saying that it is stored. Its owner forgets it then. */
export function SecretOnce({ title, secret, variable, children, onStored }: Props) {
  return (
    <Dialog title={title} isOpen mustAnswer wide>
      {() => (
        <div className="stack">
          <div className="stack-small stretch">{children}</div>
          <Code text={secret} label="Secret" />
          <div className="dialog-foot">
            <Button icon="download" onPress={() => save(`${variable.toLowerCase()}.env`, [`${variable}='${secret}'\n`], "text/plain")}>Download as .env</Button>
            <Button kind="primary" onPress={onStored}>I stored it</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
