import { useNow } from "../../../app/clock";
import { useHandle, useZone } from "../../../app/context";
import { call } from "../../../api/client";
import { useList } from "../../../api/list";
import { useChange } from "../../../api/use";
import { differences } from "../../../core/diff";
import type { Link } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { instant, relative } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Differences } from "../../../ui/Differences";
import { Card } from "../../../ui/Page";
import { Failed, Loaded } from "../../../ui/states";
import { toast } from "../../../ui/toasts";
import { AuditLink } from "../../settings/audit/AuditLink";

const SET_BY_API = ["version", "updatedAt", "createdAt"];

/** Every version of a link, what each changed, and the way back to it. */
export function HistoryTab({ link, etag }: { link: Link; etag: string | null }) {
  const zone = useZone();
  const now = useNow();
  const history = useList("/v2/handles/{handle}/links/{slug}/history", { path: { slug: link.slug }, query: { limit: 50 } });
  return (
    <Loaded of={history}>
      {(versions) => (
        <Card title={plural(versions.length, "version")} actions={<><AuditLink target={link.slug} /><ApiRequest requests={[history.request]} /></>}>
          <ol className="versions">
            {versions.map((version, index) => {
              const earlier = versions[index + 1];
              const changed = earlier ? differences(earlier, version, SET_BY_API) : [];
              return (
                <li key={version.version} className="version">
                  <div className="between">
                    <div>
                      <strong>Version {version.version}</strong>{" "}
                      {version.version === link.version && <span className="tag tag-good">now</span>}{" "}
                      <time className="muted small" dateTime={version.updatedAt} title={instant(version.updatedAt, zone)}>{relative(version.updatedAt, now)}</time>
                    </div>
                    {version.version !== link.version && <Rollback link={link} to={version} etag={etag} />}
                  </div>
                  {earlier ? (
                    changed.length ? <Differences of={changed} /> : <p className="muted small">Written without a change.</p>
                  ) : (
                    <p className="muted small">{history.more ? "Load more to see what it changed." : "Created."}</p>
                  )}
                </li>
              );
            })}
          </ol>
          {history.more && <Button onPress={history.more} isDisabled={history.loadingMore}>Load more</Button>}
        </Card>
      )}
    </Loaded>
  );
}

function Rollback({ link, to, etag }: { link: Link; to: Link; etag: string | null }) {
  const handle = useHandle();
  const change = useChange(() =>
    call("post", "/v2/handles/{handle}/links/{slug}/rollback", {
      path: { handle, slug: link.slug }, body: { version: to.version }, ...(etag ? { headers: { "if-match": etag } } : {}),
    }));
  return (
    <Dialog title={`Back to version ${to.version}?`} trigger={<Button size="small" icon="undo">Roll back</Button>} wide>
      {(close) => (
        <div className="stack">
          <p>This becomes a new version and costs one write. It changes:</p>
          <Differences of={differences(link, to, SET_BY_API)} />
          {change.error && <Failed problem={change.error} />}
          <div className="dialog-foot">
            <Button onPress={close}>Cancel</Button>
            <Button
              kind="primary" isDisabled={change.isPending}
              onPress={() =>
                change.mutate(undefined, {
                  onSuccess: ({ data }) => {
                    close();
                    toast(`Version ${data.version} is like version ${to.version}.`);
                  },
                })
              }
            >
              Roll back
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
