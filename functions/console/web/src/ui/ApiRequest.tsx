import type { Request } from "../api/client";
import { curl } from "../api/curl";
import { IconButton } from "./Button";
import { CopyButton } from "./Copy";
import { Dialog } from "./Dialog";

/** The very requests behind a table or a chart, to paste into a shell. */
export function ApiRequest({ requests }: { requests: readonly Request[] }) {
  return (
    <Dialog title="API request" trigger={<IconButton icon="code" label="API request" />} wide>
      {() => (
        <div className="stack">
          <p className="muted">What is shown here comes from {requests.length === 1 ? "this request" : "these requests"}. Put an access token in <code>TOKEN</code>.</p>
          {requests.map((request) => <Code key={request.verb + request.address} text={curl(request)} />)}
        </div>
      )}
    </Dialog>
  );
}

/** A piece of code with a button that copies it. */
export function Code({ text, label = "Code" }: { text: string; label?: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}><code>{text}</code></pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}
