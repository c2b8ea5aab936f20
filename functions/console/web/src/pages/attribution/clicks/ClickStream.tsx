import { useMemo } from "react";
import { useAddress, useQueryParts, useRange, useToggle, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { useList } from "../../../api/list";
import { clickFilter, clicksQuery, hourName, VERDICTS } from "../../../core/clicks";
import { SLUG } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { instant } from "../../../core/time";
import { Button, IconButton } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { AsOf, Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import type { Fixed } from "../traffic/useScope";
import { ClickDetail } from "./ClickDetail";
import { clickColumns } from "./columns";

const ANY = "any";
const VERDICT_OPTIONS = [{ id: ANY, name: "People and bots" }, ...VERDICTS];
const NONE = { slug: null, campaign: null, verdict: null, hour: null, at: null };

/** Clicks one by one, newest first: who came, from where, how each was classified, and which rule decided. One request. */
export function ClickStream({ scope = {} }: { scope?: Fixed }) {
  const [range] = useRange();
  const zone = useZone();
  const now = useNow();
  const address = useAddress();
  const toggle = useToggle();
  const [query, setParts] = useQueryParts();
  const filter = { ...clickFilter(query), ...scope };
  const isSlug = filter.slug === null || SLUG.test(filter.slug);
  const list = useList("/v2/handles/{handle}/clicks", { query: clicksQuery(filter, range), when: isSlug });
  const ofLink = scope.slug !== undefined;
  const columns = useMemo(() => clickColumns({ zone, now, address, toggle, ofLink }), [zone, now, address, toggle, ofLink]);
  const items = list.data ?? [];
  const { slug, campaignId, verdict, hour, at } = filter;
  const chip = (part: string, text: string): Chip => ({ id: part, text, remove: () => setParts({ [part]: null }) });
  const chips: Chip[] = [
    ...(slug && !scope.slug ? [chip("slug", `Link: ${slug}`)] : []),
    ...(campaignId && !scope.campaignId ? [chip("campaign", `Campaign: ${campaignId}`)] : []),
    ...(verdict ? [chip("verdict", verdict === "bot" ? "Bots only" : "People only")] : []),
    ...(hour ? [chip("hour", hourName(hour))] : []),
    ...(at ? [chip("at", `Up to ${instant(at, zone)}`)] : []),
  ];
  const clear = () => setParts(NONE);
  return (
    <Card flush>
      <Toolbar>
        {!scope.slug && <SearchBox label="Slug of a link" value={slug ?? ""} onChange={(text) => setParts({ slug: text.trim() })} />}
        <Choice label="Verdict" hideLabel options={VERDICT_OPTIONS} value={verdict ?? ANY} onChange={(id) => setParts({ verdict: id === ANY ? null : id })} />
        <IconButton icon="refresh" label="Read the newest clicks" onPress={list.again} />
      </Toolbar>
      <Chips chips={chips} clear={clear} />
      {isSlug ? (
        <Loaded of={list} lines={8}>
          {() => (
            <DataTable
              label="Clicks"
              columns={columns}
              rows={items}
              rowKey={({ clickId }) => clickId}
              detail={{ open: query.get("click"), onToggle: (key) => toggle("click", key), of: (click) => <ClickDetail of={click} toggle={toggle} /> }}
              requests={[list.request]}
              foot={
                <span className="row">
                  {plural(items.length, "click")}{list.more ? " so far" : ""}
                  {list.more && <Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Load more</Button>}
                  <AsOf at={list.at} />
                </span>
              }
              empty={
                list.more ? (
                  <Empty title="No click matches so far" action={<Button onPress={list.more} isDisabled={list.loadingMore}>Look further back</Button>}>None among the newest clicks that were looked at.</Empty>
                ) : chips.length ? (
                  <Empty title="No click matches" action={<Button onPress={clear}>Clear filters</Button>}>There may be some without these filters, or on other days.</Empty>
                ) : (
                  <Empty title="No clicks on these days">Open a short address, and the click appears here within seconds. Other days are chosen at the top.</Empty>
                )
              }
            />
          )}
        </Loaded>
      ) : (
        <Empty title="This is not the slug of a link" action={<Button onPress={() => setParts({ slug: null })}>Clear it</Button>}>A slug has 4 to 24 letters, digits, - or _; it is looked up as a whole.</Empty>
      )}
    </Card>
  );
}
