import { useHandle } from "../../../app/context";
import { address } from "../../../api/address";
import type { Request } from "../../../api/client";
import { curl } from "../../../api/curl";
import { writable } from "../../../core/linkBody";
import type { Link } from "../../../core/links";
import { Code } from "../../../ui/ApiRequest";
import { Card } from "../../../ui/Page";

/** The requests that read, write, preview and count this link. */
export function ApiTab({ link, etag }: { link: Link; etag: string | null }) {
  const handle = useHandle();
  const path = address("/v2/handles/{handle}/links/{slug}", { handle, slug: link.slug });
  const requests: [string, string, Request][] = [
    ["Read", "The link as it is stored; its ETag is the version.", { verb: "get", address: path }],
    ["Write", "Replaces its settings, if it is still this version.", { verb: "put", address: path, headers: etag ? { "if-match": etag } : {}, body: writable(link) }],
    ["Preview", "Where a visitor would go, and why.", { verb: "post", address: `${path}/route-preview`, body: { country: "DE", device: "MOBILE" } }],
    ["Count", "What it brought, day by day.", { verb: "get", address: address("/v2/handles/{handle}/analytics", { handle }, { groupBy: "day", slug: link.slug }) }],
    ["Visit", "A click, without following it.", { verb: "get", address: "", open: true }],
  ];
  return (
    <div className="grid-2">
      {requests.map(([title, note, request]) => (
        <Card key={title} title={title} note={note}>
          <Code text={request.address ? curl(request) : `curl -sS -o /dev/null -w '%{http_code} %{redirect_url}\\n' '${link.shortUrl}'`} label={title} />
        </Card>
      ))}
    </div>
  );
}
