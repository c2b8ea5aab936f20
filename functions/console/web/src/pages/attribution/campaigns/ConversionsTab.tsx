import { useAddress, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import type { Range } from "../../../core/range";
import { plural } from "../../../core/numbers";
import { Button, ButtonLink } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { conversionColumns } from "../conversions/columns";
import { useConversions } from "../conversions/useConversions";

/** The conversions that are credited to a campaign. */
export function ConversionsTab({ campaignId, range }: { campaignId: string; range: Range }) {
  const address = useAddress();
  const zone = useZone();
  const now = useNow();
  const list = useConversions({ campaignId }, range);
  const items = list.data ?? [];
  const all = <ButtonLink size="small" href={address(`attribution/conversions?campaign=${campaignId}`)}>With filters</ButtonLink>;
  return (
    <Card title="Conversions" flush actions={all}>
      <Loaded of={list} lines={8}>
        {() => (
          <DataTable
            label="Conversions of the campaign" columns={conversionColumns({ items, zone, now, ofCampaign: true })} rows={items}
            rowKey={({ conversionId }) => conversionId} href={({ conversionId }) => address(`attribution/conversions/${conversionId}`)} requests={[list.request]}
            foot={<span className="row">{plural(items.length, "conversion")}{list.more && <Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Load more</Button>}</span>}
            empty={<Empty title="None on these days" action={list.more ? <Button onPress={list.more}>Look further back</Button> : undefined}>Conversions that are credited to this campaign appear here as soon as they are accepted.</Empty>}
          />
        )}
      </Loaded>
    </Card>
  );
}
