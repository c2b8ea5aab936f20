import { useAddress, useQueryParts, useRange, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { filterOf, foot } from "../../../core/conversions";
import { plural } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { rangeName } from "../../../core/range";
import { Button, ButtonLink } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/fields";
import { Chips, Toolbar, type Chip } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { conversionColumns, Sums } from "./columns";
import css from "./conversions.module.css";
import { useConversions } from "./useConversions";

const ANY = "any";
const TRUST = [{ id: ANY, name: "Any trust" }, { id: "confirmed", name: "Confirmed" }, { id: "claimed", name: "Claimed" }];
const STATE = [{ id: ANY, name: "Any state" }, { id: "counted", name: "Counted" }, { id: "waiting", name: "Waiting" }, { id: "test", name: "Tests" }];
const NONE = { campaign: null, slug: null, trust: null, state: null, key: null };

/** The ledger of conversions: filtered by what is in the address, each row explained by its own page. One request. */
export default function Conversions() {
  const [range] = useRange();
  const now = useNow();
  const zone = useZone();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const filter = filterOf(query);
  const list = useConversions(filter, range);
  const items = list.data ?? [];
  const chips: Chip[] = [
    ...(filter.campaignId ? [{ id: "campaign", text: `Campaign: ${filter.campaignId}`, remove: () => setParts({ campaign: null }) }] : []),
    ...(filter.slug ? [{ id: "slug", text: `Link: ${filter.slug}`, remove: () => setParts({ slug: null }) }] : []),
    ...(filter.trust ? [{ id: "trust", text: `Trust: ${filter.trust}`, remove: () => setParts({ trust: null }) }] : []),
    ...(filter.state ? [{ id: "state", text: `State: ${filter.state}`, remove: () => setParts({ state: null }) }] : []),
  ];
  const clear = () => setParts(NONE);
  const choose = (name: string) => (id: string) => setParts({ [name]: id === ANY ? null : id });
  return (
    <Page title="Conversions" note={`${rangeName(range)}, UTC days`} asOf={list.at} actions={<ButtonLink icon="download" href={address("attribution/exports")}>Export</ButtonLink>}>
      <Card flush>
        <Toolbar>
          <Choice label="Trust" hideLabel options={TRUST} value={filter.trust ?? ANY} onChange={choose("trust")} />
          <Choice label="State" hideLabel options={STATE} value={filter.state ?? ANY} onChange={choose("state")} />
        </Toolbar>
        <Chips chips={chips} clear={clear} />
        <Loaded of={list} lines={8}>
          {() => (
            <DataTable
              label="Conversions"
              columns={conversionColumns({ items, zone, now, pick: setParts })}
              rows={items}
              rowKey={({ conversionId }) => conversionId}
              href={({ conversionId }) => address(`attribution/conversions/${conversionId}`)}
              sort={sortOf(query.get("sort"))}
              onSort={(sort) => setParts({ sort: sortText(sort) })}
              requests={[list.request]}
              foot={<Foot items={items} more={list.more} busy={list.loadingMore} />}
              empty={
                chips.length || list.more ? (
                  <Empty title="No conversion matches" action={<Button onPress={list.more ?? clear}>{list.more ? "Look further back" : "Clear filters"}</Button>}>
                    {list.more ? "None among those that were looked at so far." : "There may be some without these filters, or on other days."}
                  </Empty>
                ) : (
                  <Empty title="No conversions on these days" action={<ButtonLink href={address("attribution/campaigns")}>Campaigns</ButtonLink>}>
                    A shop reports one with the ctx that came with the visitor: POST /v2/public/conversions.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function Foot({ items, more, busy }: { items: Parameters<typeof foot>[0]; more: (() => void) | null; busy: boolean }) {
  const { net, tests } = foot(items);
  return (
    <span className="row">
      <span>{plural(items.length, "conversion")}{tests ? `, ${plural(tests, "test")} in no sum` : ""}</span>
      <span className={css.totals}>Net <Sums of={net} /></span>
      {more && <Button size="small" onPress={more} isDisabled={busy}>Load more</Button>}
    </span>
  );
}
