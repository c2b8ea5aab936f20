import { useAddress, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import type { Schema } from "../../../api/client";
import type { Reading } from "../../../api/use";
import { money } from "../../../core/money";
import { instant, relative } from "../../../core/time";
import { ButtonLink } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";

type Conversion = Schema["ConversionDetail"];

/** The conversions that came last. */
export function LatestConversions({ of }: { of: Reading<{ items: Conversion[] }> }) {
  const address = useAddress();
  const zone = useZone();
  const now = useNow();
  const columns: Column<Conversion>[] = [
    { id: "event", name: "Event", cell: ({ eventType }) => eventType },
    { id: "link", name: "Link", cell: ({ slug }) => slug },
    { id: "when", name: "When", cell: ({ acceptedAt }) => <time dateTime={acceptedAt} title={instant(acceptedAt, zone)}>{relative(acceptedAt, now)}</time> },
    { id: "trust", name: "Trust", cell: ({ trust }) => <span className={`tag ${trust === "confirmed" ? "tag-good" : ""}`}>{trust}</span> },
    { id: "value", name: "Value", align: "end", cell: ({ netValue, value, currency }) => money(netValue ?? value, currency) },
  ];
  return (
    <Card title="Latest conversions" flush actions={<ButtonLink kind="quiet" size="small" href={address("attribution/conversions")}>All</ButtonLink>}>
      <Loaded of={of}>
        {({ items }) => (
          <DataTable
            label="Latest conversions" columns={columns} rows={items} rowKey={({ conversionId }) => conversionId}
            href={({ conversionId }) => address(`attribution/conversions/${conversionId}`)} requests={[of.request]}
            empty={<Empty title="No conversions yet">A conversion is reported with the ctx of a click: POST /v2/public/conversions.</Empty>}
          />
        )}
      </Loaded>
    </Card>
  );
}
