import { useHandle, useZone } from "./context";
import { call, type Schema } from "../api/client";
import { useChange } from "../api/use";
import { instant } from "../core/time";
import { Button } from "../ui/Button";
import { Page } from "../ui/Page";
import { Empty, Failed } from "../ui/states";
import { toast } from "../ui/toasts";

/** In place of the pages of a deleted handle: until when it can be restored, and by whom. */
export function Deleted({ role, deletion }: { role: Schema["HandleView"]["role"]; deletion: Schema["Deletion"] }) {
  const handle = useHandle();
  const zone = useZone();
  const restore = useChange(() => call("post", "/v2/handles/{handle}/restore", { path: { handle } }));
  const owns = role === "OWNER";
  return (
    <Page title={`${handle} is deleted`}>
      <Empty
        title={`It can be restored until ${instant(deletion.restorableUntil, zone)}`}
        action={owns && <Button kind="primary" icon="undo" isDisabled={restore.isPending} onPress={() => restore.mutate(undefined, { onSuccess: () => toast(`${handle} is restored.`) })}>Restore it</Button>}
      >
        Its links answer 404. {owns ? "Restoring brings back everything it had, and costs no write. After that day it is erased." : "Its owner can restore it with everything it had. After that day it is erased."}
      </Empty>
      {restore.error && <Failed problem={restore.error} />}
    </Page>
  );
}
