import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { problemOf } from "../../../api/problem";
import { useChange, useGet } from "../../../api/use";
import { writable } from "../../../core/linkBody";
import type { Link } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { quota } from "../../../core/quota";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { TextBox } from "../../../ui/fields";
import { toast } from "../../../ui/toasts";

type Act = { name: string; run: (link: Link) => Promise<unknown> };

/** Changes the selected links, one write each; says beforehand how many writes are left. */
export function BulkBar({ links, done }: { links: readonly Link[]; done: () => void }) {
  const handle = useHandle();
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  const left = usage.data ? quota(usage.data).left : 0;
  const [tag, setTag] = useState("");
  const change = useChange(async (act: Act) => {
    let changed = 0;
    for (const link of links) {
      try {
        await act.run(link);
        changed += 1;
      } catch (thrown) {
        toast(`${link.slug}: ${problemOf(thrown).message}`, "bad");
        break;
      }
    }
    toast(`${act.name}: ${plural(changed, "link")} of ${links.length}.`);
    done();
  });
  // Read again before it is written: the list may be older than the link, and only the link itself comes with the tag of its version.
  const write = async ({ slug }: Link, changed: (link: Link) => Partial<Link>) => {
    const path = { handle, slug };
    const { data, etag } = await call("get", "/v2/handles/{handle}/links/{slug}", { path });
    const headers: Record<string, string> = etag ? { "if-match": etag } : {};
    return call("put", "/v2/handles/{handle}/links/{slug}", { path, body: writable({ ...data, ...changed(data) }), headers });
  };
  const blocked = change.isPending || links.length > left;
  return (
    <div className="toolbar bulk" role="group" aria-label="Selected links">
      <strong>{plural(links.length, "link")} selected</strong>
      <span className={links.length > left ? "tag tag-bad" : "muted small"}>costs {plural(links.length, "write")}, {left} left today</span>
      <Dialog title="Add a tag" trigger={<Button size="small" isDisabled={blocked}>Tag</Button>}>
        {(close) => (
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              close();
              change.mutate({ name: `Tagged ${tag}`, run: (listed) => write(listed, (link) => ({ tags: [...new Set([...(link.tags ?? []), tag.trim()])] })) });
            }}
          >
            <TextBox label="Tag" value={tag} onChange={setTag} />
            <div className="dialog-foot"><Button type="submit" kind="primary" isDisabled={!tag.trim()}>Add to {plural(links.length, "link")}</Button></div>
          </form>
        )}
      </Dialog>
      <Button size="small" isDisabled={blocked} onPress={() => change.mutate({ name: "Enabled", run: (link) => write(link, () => ({ enabled: true })) })}>Enable</Button>
      <Button size="small" isDisabled={blocked} onPress={() => change.mutate({ name: "Disabled", run: (link) => write(link, () => ({ enabled: false })) })}>Disable</Button>
      <Dialog title={`Delete ${plural(links.length, "link")}?`} trigger={<Button size="small" kind="danger" isDisabled={blocked}>Delete</Button>}>
        {(close) => (
          <div className="stack">
            <p>Their short addresses answer 404 at once. Their figures remain in reports.</p>
            <ul className="mono">{links.slice(0, 12).map(({ slug }) => <li key={slug}>{slug}</li>)}{links.length > 12 && <li>and {links.length - 12} more</li>}</ul>
            <div className="dialog-foot">
              <Button onPress={close}>Keep them</Button>
              <Button
                kind="danger"
                onPress={() => {
                  close();
                  change.mutate({ name: "Deleted", run: ({ slug }) => call("delete", "/v2/handles/{handle}/links/{slug}", { path: { handle, slug } }) });
                }}
              >
                Delete
              </Button>
            </div>
          </div>
        )}
      </Dialog>
      <Button size="small" kind="quiet" onPress={done}>Cancel</Button>
    </div>
  );
}
