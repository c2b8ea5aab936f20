import type { Schema } from "../../../api/client";
import { bare, STATUSES, type Link, type LinkStatus } from "../../../core/links";
import { byCurrency } from "../../../core/money";
import { count } from "../../../core/numbers";
import { CopyButton } from "../../../ui/Copy";
import type { Column } from "../../../ui/DataTable";
import { Pick } from "../../../ui/Pick";
import { Revenue } from "../../../ui/Revenue";

export type LinkRow = { link: Link; status: LinkStatus; figures: Schema["ReportRow"] | null };

/** The columns of the links; pressing a tag, a campaign or a status filters by it, pressing it again no longer. */
export function linkColumns(toggle: (part: string, value: string) => void): Column<LinkRow>[] {
  return [
    {
      id: "slug", name: "Link", sort: ({ link }) => link.slug,
      cell: ({ link }) => (
        <span className="link-cell">
          <span>{link.slug}</span>
          <span className="cut muted small link-destination">{link.title ?? bare(link.destinationUrl)}</span>
        </span>
      ),
    },
    { id: "copy", name: "Copy", cell: ({ link }) => <CopyButton text={link.shortUrl} label={`Copy ${bare(link.shortUrl)}`} /> },
    { id: "status", name: "Status", sort: ({ status }) => status, cell: ({ status }) => <Pick value={status} onPick={() => toggle("status", status)}><StatusTag status={status} /></Pick> },
    {
      id: "campaign", name: "Campaign", sort: ({ link }) => link.campaignId, wideOnly: true,
      cell: ({ link: { campaignId } }) => campaignId && <button type="button" className="chip" onClick={() => toggle("campaign", campaignId)}>{campaignId}</button>,
    },
    {
      id: "tags", name: "Tags", wideOnly: true,
      cell: ({ link }) =>
        link.tags?.length ? (
          <span className="row tags">{link.tags.slice(0, 3).map((tag) => <button key={tag} type="button" className="tag tag-press" onClick={() => toggle("tag", tag)}>{tag}</button>)}</span>
        ) : null,
    },
    { id: "people", name: "People", align: "end", sort: ({ figures }) => figures?.qualifiedClicks ?? 0, cell: ({ figures }) => count(figures?.qualifiedClicks ?? 0) },
    { id: "bots", name: "Bots", align: "end", sort: ({ figures }) => figures?.botClicks ?? 0, cell: ({ figures }) => <span className="muted">{count(figures?.botClicks ?? 0)}</span> },
    { id: "conversions", name: "Conversions", align: "end", sort: ({ figures }) => figures?.conversions ?? 0, cell: ({ figures }) => count(figures?.conversions ?? 0) },
    {
      id: "revenue", name: "Revenue", align: "end", sort: ({ figures }) => Number(byCurrency(figures?.revenueByCurrency ?? {})[0]?.[1] ?? 0),
      cell: ({ figures }) => <Revenue of={figures?.revenueByCurrency ?? {}} />,
    },
  ];
}

export function StatusTag({ status }: { status: LinkStatus }) {
  const { name, tag } = STATUSES.find(({ id }) => id === status) ?? { name: status, tag: "" };
  return <span className={`tag ${tag}`}>{name}</span>;
}
