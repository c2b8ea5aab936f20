import { useCallback, useMemo, useState } from "react";
import { useAddress, useQueryParts, useRange, useToggle } from "../../../app/context";
import { useList } from "../../../api/list";
import { useReport } from "../../../api/report";
import { STATUSES } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { Button, ButtonLink } from "../../../ui/Button";
import { ColumnChooser, useColumns } from "../../../ui/ColumnChooser";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { BulkBar } from "./BulkBar";
import { linkColumns, type LinkRow } from "./columns";
import { SparkLayer } from "./Spark";

const STATUS_OPTIONS = [{ id: "any", name: "Any status" }, ...STATUSES.map(({ id, name }) => ({ id, name }))];

/** The links of a handle with their figures of the range. The API filters them, by what is in the address. Two requests, and one for a row that is pointed at. */
export default function Links() {
  const [range] = useRange();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const text = query.get("q") ?? "";
  const tag = query.get("tag");
  const status = STATUSES.find(({ id }) => id === query.get("status"))?.id ?? null;
  const campaign = query.get("campaign");
  const filter = { q: text.trim() || undefined, tag: tag || undefined, status: status ?? undefined, campaignId: campaign || undefined };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const links = useList("/v2/handles/{handle}/links", { query: { limit: 100, ...filter } });
  const report = useReport(range, { groupBy: "slug" });
  const rows = useMemo(() => {
    const figures = new Map(report.data?.rows.map((row) => [row.key, row]));
    return links.data?.map((link): LinkRow => ({ link, status: link.status, figures: figures.get(link.slug) ?? null })) ?? [];
  }, [links.data, report.data]);
  const chips: Chip[] = [
    ...(tag ? [{ id: "tag", text: `Tag: ${tag}`, remove: () => setParts({ tag: null }) }] : []),
    ...(campaign ? [{ id: "campaign", text: `Campaign: ${campaign}`, remove: () => setParts({ campaign: null }) }] : []),
    ...(status ? [{ id: "status", text: `Status: ${status}`, remove: () => setParts({ status: null }) }] : []),
  ];
  const clear = () => setParts({ q: null, tag: null, campaign: null, status: null });
  const search = useCallback((q: string) => setParts({ q }), [setParts]);
  const toggle = useToggle();
  // Rows are drawn with their figures, so that no column changes its width.
  const complete = report.data || report.problem ? links : { ...links, data: undefined };
  const newLink = <ButtonLink kind="primary" icon="plus" href={address("attribution/links/new")}>New link</ButtonLink>;
  const columns = useMemo(() => linkColumns(toggle), [toggle]);
  const [shown, show] = useColumns("links", columns);
  return (
    <Page title="Links" actions={<><ButtonLink href={address("attribution/links/new/several")}>Several links</ButtonLink>{newLink}</>} asOf={report.at} freshness={report.data?.freshness}>
      <Card flush>
        <Toolbar>
          <SearchBox label="Search slug, destination, title" value={text} onChange={search} />
          <Choice label="Status" hideLabel options={STATUS_OPTIONS} value={status ?? "any"} onChange={(id) => setParts({ status: id === "any" ? null : id })} />
          <span className="grow" />
          <ColumnChooser columns={columns} shown={shown} toggle={show} />
        </Toolbar>
        <Chips chips={chips} clear={clear} />
        <Loaded of={complete} lines={8}>
          {() => (
            <SparkLayer>
            <DataTable
              label="Links"
              columns={shown}
              rows={rows}
              rowKey={({ link }) => link.slug}
              href={({ link }) => address(`attribution/links/${link.slug}`)}
              sort={sortOf(query.get("sort"))}
              onSort={(sort) => setParts({ sort: sortText(sort) })}
              selection={{ chosen, onChange: setChosen, nameOf: (slug) => slug }}
              requests={[links.request, report.request]}
              foot={
                <span className="row">
                  {plural(rows.length, "link")}{links.more ? " so far" : ""}
                  {links.more && <Button size="small" onPress={links.more} isDisabled={links.loadingMore}>Load more</Button>}
                </span>
              }
              empty={
                isFiltered ? (
                  <Empty title="No link matches" action={<Button onPress={links.more ?? clear}>{links.more ? "Look further" : "Clear filters"}</Button>}>
                    {links.more ? "None among those that were looked at so far." : "There may be some without these filters."}
                  </Empty>
                ) : (
                  <Empty title="No links yet" action={newLink}>A link leads visitors on, by rules if you like, and counts who came and who bought.</Empty>
                )
              }
            />
            </SparkLayer>
          )}
        </Loaded>
        {chosen.size > 0 && <BulkBar links={rows.filter(({ link }) => chosen.has(link.slug)).map(({ link }) => link)} done={() => setChosen(new Set())} />}
      </Card>
    </Page>
  );
}
