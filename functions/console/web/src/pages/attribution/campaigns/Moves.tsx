import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { MOVES, STATUSES, type Campaign, type Status } from "../../../core/campaigns";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Failed } from "../../../ui/states";
import { toast } from "../../../ui/toasts";

/** Changes the status of a campaign: says before what it means, since nothing that happens meanwhile is credited later. */
export function Moves({ campaign }: { campaign: Campaign }) {
  const handle = useHandle();
  const change = useChange((status: Status) =>
    call("put", "/v2/handles/{handle}/campaigns/{campaignId}", { path: { handle, campaignId: campaign.campaignId }, body: { status } }),
  );
  const act = (to: Status, close: () => void) =>
    change.mutate(to, {
      onSuccess: () => {
        close();
        toast(`${campaign.name ?? campaign.campaignId} is ${STATUSES.find(({ id }) => id === to)?.name.toLowerCase()}.`);
      },
    });
  return MOVES[campaign.status].map(({ to, verb }) => (
    <Dialog key={to} title={`${verb} ${campaign.name ?? campaign.campaignId}?`} trigger={<Button>{verb}</Button>}>
      {(close) => (
        <div className="stack">
          <p>{STATUSES.find(({ id }) => id === to)?.text}</p>
          {to !== "ACTIVE" && <p className="muted">Its short links go on leading to their destinations. Conversions that arrive meanwhile count for the link alone, and are not credited afterwards.</p>}
          {change.error && <Failed problem={change.error} />}
          <div className="dialog-foot">
            <span className="muted small grow">Costs one write.</span>
            <Button onPress={close}>Cancel</Button>
            <Button kind="primary" isDisabled={change.isPending} onPress={() => act(to, close)}>{verb}</Button>
          </div>
        </div>
      )}
    </Dialog>
  ));
}
