import { useCallback } from "react";
import { useAddress, useQueryParts, useRange, useToggle, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { filterOf, foot } from "../../../core/conversions";
import { plural } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { rangeName } from "../../../core/range";
import { Button, ButtonLink } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { conversionColumns, Sums } from "./columns";
import css from "./conversions.module.css";
import { useConversions } from "./useConversions";

const ANY = "any";
const TRUST = [{ id: ANY, name: "Any trust" }, { id: "confirmed", name: "Confirmed" }, { id: "claimed", name: "Claimed" }];
const STATE = [
  { id: ANY, name: "Any state" }, { id: "counted", name: "Counted" }, { id: "waiting", name: "Waiting" },
  { id: "uncredited", name: "Not credited" }, { id: "test", name: "Tests" },
];
const NONE = { campaign: null, slug: null, trust: null, state: null, key: null };

/** The ledger of conversions: filtered by what is in the address, each row explained by its own page. One request. */
export default function Conversions() {
  const [range] = useRange();
  const now = useNow();
  const zone = useZone();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const toggle = useToggle();
  const filter = filterOf(query);
  const list = useConversions(filter, range);
  const items = list.data ?? [];
  const find = useCallback((key: string) => setParts({ key }), [setParts]);
  // A key is looked up by itself: the other filters wait.
  const byKey = filter.idempotencyKey !== null;
  const chips: Chip[] = byKey ? [{ id: "key", text: `Order key: ${filter.idempotencyKey ?? ""}`, remove: () => setParts({ key: null }) }] : [
    ...(filter.campaignId ? [{ id: "campaign", text: `Campaign: ${filter.campaignId}`, remove: () => setParts({ campaign: null }) }] : []),
    ...(filter.slug ? [{ id: "slug", text: `Link: ${filter.slug}`, remove: () => setParts({ slug: null }) }] : []),
    ...(filter.trust ? [{ id: "trust", text: `Trust: ${filter.trust}`, remove: () => setParts({ trust: null }) }] : []),
    ...(filter.state ? [{ id: "state", text: `State: ${STATE.find(({ id }) => id === filter.state)?.name ?? filter.state}`, remove: () => setParts({ state: null }) }] : []),
  ];
  const clear = () => setParts(NONE);
  const choose = (name: string) => (id: string) => setParts({ [name]: id === ANY ? null : id });
  return (
    <Page title="Conversions" note={byKey ? "With this order key, on any day" : `${rangeName(range)}, UTC days`} asOf={list.at} actions={<ButtonLink icon="download" href={address("attribution/exports")}>Export</ButtonLink>}>
      <Card flush>
        <Toolbar>
          <SearchBox label="Find by order key" value={filter.idempotencyKey ?? ""} onChange={find} />
          <Choice label="Trust" hideLabel options={TRUST} value={filter.trust ?? ANY} isDisabled={byKey} onChange={choose("trust")} />
          <Choice label="State" hideLabel options={STATE} value={filter.state ?? ANY} isDisabled={byKey} onChange={choose("state")} />
        </Toolbar>
        <Chips chips={chips} clear={clear} />
        <Loaded of={list} lines={8}>
          {() => (
            <DataTable
              label="Conversions"
              columns={conversionColumns({ items, zone, now, pick: toggle })}
              rows={items}
              rowKey={({ conversionId }) => conversionId}
              href={({ conversionId }) => address(`attribution/conversions/${conversionId}`)}
              sort={sortOf(query.get("sort"))}
              onSort={(sort) => setParts({ sort: sortText(sort) })}
              requests={[list.request]}
              foot={<Foot items={items} more={list.more} busy={list.loadingMore} />}
              empty={
                byKey ? (
                  <Empty title="No conversion with this key" action={<Button onPress={clear}>Clear filters</Button>}>A key is compared byte for byte. The shop has not reported this order, or its report was refused.</Empty>
                ) : chips.length || list.more ? (
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
