import { useCallback, useMemo } from "react";
import { useAddress, useQueryParts, useRange } from "../../../app/context";
import { useList } from "../../../api/list";
import { useFunnel } from "../../../api/report";
import { payout, rowsOf, STATUSES, type Row } from "../../../core/campaigns";
import { count, plural } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { rangeName } from "../../../core/range";
import { Button, ButtonLink } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { campaignColumns } from "./columns";
import { PayoutFigures } from "./PayoutFigures";

const STATUS_OPTIONS = [{ id: "any", name: "Any status" }, ...STATUSES.map(({ id, name }) => ({ id: id as string, name }))];

/** Partners side by side: their figures of the range, and whether they can be paid on. Two requests. */
export default function Campaigns() {
  const [range] = useRange();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const text = query.get("q") ?? "";
  const status = STATUSES.find(({ id }) => id === query.get("status"))?.id ?? null;
  const campaigns = useList("/v2/handles/{handle}/campaigns", { query: { limit: 100 } });
  const funnel = useFunnel(range);
  const rows = useMemo(() => rowsOf(campaigns.data ?? [], funnel.data?.funnel ?? []), [campaigns.data, funnel.data]);
  const shown = useMemo(() => rows.filter(matching(text, status)), [rows, text, status]);
  const columns = useMemo(() => campaignColumns(shown), [shown]);
  const search = useCallback((q: string) => setParts({ q }), [setParts]);
  const clear = () => setParts({ q: null, status: null });
  const chips: Chip[] = status ? [{ id: "status", text: `Status: ${STATUSES.find(({ id }) => id === status)?.name ?? status}`, remove: () => setParts({ status: null }) }] : [];
  const create = <ButtonLink kind="primary" icon="plus" href={address("attribution/campaigns/new")}>New campaign</ButtonLink>;
  return (
    <Page title="Campaigns" note={`${rangeName(range)}, UTC days`} actions={create} asOf={funnel.at} freshness={funnel.data?.freshness}>
      <Loaded of={funnel} lines={2}>{(data) => <PayoutFigures payout={payout(data.funnel)} />}</Loaded>
      <Card flush>
        <Toolbar>
          <SearchBox label="Search campaigns" value={text} onChange={search} />
          <Choice label="Status" hideLabel options={STATUS_OPTIONS} value={status ?? "any"} onChange={(id) => setParts({ status: id === "any" ? null : id })} />
        </Toolbar>
        <Chips chips={chips} clear={clear} />
        <Loaded of={campaigns} lines={8}>
          {() => (
            <DataTable
              label="Campaigns"
              columns={columns}
              rows={shown}
              rowKey={({ id }) => id}
              href={({ id }) => address(`attribution/campaigns/${id}`)}
              sort={sortOf(query.get("sort"))}
              onSort={(sort) => setParts({ sort: sortText(sort) })}
              requests={[campaigns.request, funnel.request]}
              foot={
                <span className="row">
                  {shown.length === rows.length ? plural(rows.length, "campaign") : `${count(shown.length)} of ${plural(rows.length, "campaign")}`}
                  {campaigns.more && <Button size="small" onPress={campaigns.more} isDisabled={campaigns.loadingMore}>Load more</Button>}
                </span>
              }
              empty={
                rows.length ? (
                  <Empty title="No campaign matches" action={<Button onPress={clear}>Clear filters</Button>}>There are {plural(rows.length, "campaign")} without them.</Empty>
                ) : (
                  <Empty title="No campaigns yet" action={create}>A campaign gathers what one partner, or one newsletter, brings: its clicks, its conversions, and whether you can pay on them.</Empty>
                )
              }
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function matching(text: string, status: string | null): (row: Row) => boolean {
  const wanted = text.trim().toLowerCase();
  return ({ id, campaign }) => (!status || campaign?.status === status) && (!wanted || [id, campaign?.name ?? ""].some((part) => part.toLowerCase().includes(wanted)));
}
