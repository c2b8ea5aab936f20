import { useHandle } from "../../../app/context";
import { curl } from "../../../api/curl";
import { fileNameOf, tokenName, trial, type Token } from "../../../core/scopes";
import { Code } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { save } from "../../../ui/save";

/** A token with its secret, as it is shown once. */
export type Shown = Pick<Token, "tokenId" | "scopes"> & { name: string | null; token: string };

/** Shows the secret with a request to try it, until it is said to be stored. */
export function Secret({ of, onStored }: { of: Shown; onStored: () => void }) {
  const handle = useHandle();
  const file = fileNameOf(handle, tokenName(of));
  const request = trial(handle, of.scopes);
  return (
    <div className="stack">
      <p className="alert alert-warn">It cannot be shown again. Store it where your program reads its secrets, and nowhere else.</p>
      <Code text={of.token} label="Access token" />
      <div className="row">
        <Button icon="download" onPress={() => save(file, [`export TOKEN='${of.token}'\n`], "text/plain")}>Save as {file}</Button>
      </div>
      {request && (
        <>
          <h3>Try it</h3>
          <Code text={`. ./${file}\n${curl(request)}`} label="A request with the token" />
        </>
      )}
      <div className="dialog-foot">
        <Button kind="primary" onPress={onStored}>I stored it</Button>
      </div>
    </div>
  );
}
