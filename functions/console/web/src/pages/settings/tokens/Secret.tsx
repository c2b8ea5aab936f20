import { useHandle } from "../../../app/context";
import { curl } from "../../../api/curl";
import { fileNameOf, tokenName, trial, type Token } from "../../../core/scopes";
import { Code } from "../../../ui/ApiRequest";
import { SecretOnce } from "../../../ui/SecretOnce";

/** A token with its secret, as it is shown once. */
export type Shown = Pick<Token, "tokenId" | "scopes"> & { name: string | null; token: string };

/** The secret of a new token, with a request to try it. */
export function Secret({ of, onStored }: { of: Shown; onStored: () => void }) {
  const handle = useHandle();
  const file = fileNameOf(handle, tokenName(of));
  const request = trial(handle, of.scopes);
  const tried = request && (
    <>
      <h3>Try it</h3>
      <Code text={`. ./${file}\n${curl(request)}`} label="A request with the token" />
    </>
  );
  return (
    <SecretOnce title="Store this token now" secret={of.token} label="Access token" variable="TOKEN" file={file} trial={tried} onStored={onStored}>
      <p className="alert alert-warn">It cannot be shown again. Store it where your program reads its secrets, and nowhere else.</p>
    </SecretOnce>
  );
}
