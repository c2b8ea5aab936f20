import { useState } from "react";
import { Button } from "../ui/Button";
import { TextBox } from "../ui/fields";
import { keep } from "./session";

/** For a deployment without sign-in: an access token for this page, gone when it is closed. */
export function PastedToken() {
  const [token, setToken] = useState("");
  const bad = token !== "" && token.trim().split(".").length !== 3;
  const use = () => keep({ access: token.trim(), refresh: null });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (token && !bad) use();
      }}
    >
      <p className="muted">
        This deployment names no identity provider. Set its <code>LoginOrigin</code> parameter, or paste an access token: it is kept in this
        page only and is gone when the page is closed or reloaded.
      </p>
      <TextBox label="Access token" value={token} onChange={setToken} multiline {...(bad ? { error: "An access token has three parts with dots between them." } : {})} />
      <Button type="submit" kind="primary" isDisabled={!token || bad}>Use this token</Button>
    </form>
  );
}
