import { confirmedShare, STATUSES, type Funnel, type Row, type Status } from "../../../core/campaigns";
import { byCurrency, money } from "../../../core/money";
import { count, rate, share } from "../../../core/numbers";
import { ConfidenceBar, PayableTag } from "../../../ui/ConfidenceBar";
import type { Column } from "../../../ui/DataTable";
import css from "./campaigns.module.css";

const ZERO = { clicks: 0, botClicks: 0, qualifiedClicks: 0, conversions: 0 };
const of = ({ funnel }: Row): Pick<Funnel, keyof typeof ZERO> => funnel ?? ZERO;
const has = ({ funnel }: Row): boolean => funnel !== null && funnel.clicks + funnel.conversions > 0;
const botShare = (row: Row): number | null => (of(row).clicks ? of(row).botClicks / of(row).clicks : null);
const rateOf = (row: Row): number | null => (of(row).qualifiedClicks ? of(row).conversions / of(row).qualifiedClicks : null);

/** The columns of the campaigns; the shown rows give the counts at the foot. */
export function campaignColumns(rows: readonly Row[]): Column<Row>[] {
  const sum = (name: keyof typeof ZERO): number => rows.reduce((total, row) => total + of(row)[name], 0);
  return [
    {
      id: "campaign", name: "Campaign", sort: ({ id, campaign }) => campaign?.name ?? id, total: "All shown",
      cell: ({ id, campaign }) => (
        <span className={css.name}>
          <bdi className="cut">{campaign?.name ?? id}</bdi>
          {campaign?.name && <span className="cut muted small">{id}</span>}
        </span>
      ),
    },
    { id: "status", name: "Status", sort: ({ campaign }) => campaign?.status ?? "ZZ", cell: ({ campaign }) => <CampaignStatusTag status={campaign?.status ?? null} /> },
    { id: "clicks", name: "Clicks", align: "end", sort: (row) => of(row).clicks, cell: (row) => count(of(row).clicks), total: count(sum("clicks")) },
    {
      id: "bots", name: "Bots", align: "end", sort: botShare, total: share(sum("botClicks"), sum("clicks")),
      cell: (row) => <Two main={share(of(row).botClicks, of(row).clicks)} note={of(row).clicks ? count(of(row).botClicks) : null} />,
    },
    { id: "qualified", name: "Qualified", align: "end", sort: (row) => of(row).qualifiedClicks, cell: (row) => count(of(row).qualifiedClicks), total: count(sum("qualifiedClicks")) },
    { id: "conversions", name: "Conversions", align: "end", sort: (row) => of(row).conversions, cell: (row) => count(of(row).conversions), total: count(sum("conversions")) },
    {
      id: "rate", name: "Rate", align: "end", sort: rateOf, total: share(sum("conversions"), sum("qualifiedClicks")),
      cell: (row) => <Two main={rate(rateOf(row))} note={of(row).qualifiedClicks ? `${count(of(row).conversions)} of ${count(of(row).qualifiedClicks)}` : "no clicks"} />,
    },
    {
      id: "revenue", name: "Revenue", align: "end", sort: ({ funnel }) => (funnel ? Number(funnel.revenue) : null),
      cell: ({ funnel }) => {
        if (!funnel) return "–";
        const part = confirmedShare(funnel);
        const others = byCurrency(funnel.revenueByCurrency).filter(([currency]) => currency !== funnel.currency);
        return (
          <span className={css.two}>
            {money(funnel.revenue, funnel.currency)}
            {part !== null && <span className="muted small">{rate(part / 100)} confirmed</span>}
            {others.length > 0 && <span className="muted small">{others.map(([currency, amount]) => money(amount, currency)).join(" · ")}</span>}
          </span>
        );
      },
    },
    {
      id: "confidence", name: "Confidence", sort: (row) => (has(row) ? row.funnel?.confidence : null),
      cell: ({ funnel }) =>
        funnel && funnel.clicks + funnel.conversions > 0 ? (
          <span className={css.confidence}><span className={css.points}>{funnel.confidence}</span><ConfidenceBar score={funnel.confidence} penalties={funnel.penalties} /></span>
        ) : (
          <span className="muted">no figures</span>
        ),
    },
    { id: "payout", name: "Payout", cell: ({ funnel }) => (funnel && funnel.clicks + funnel.conversions > 0 ? <PayableTag score={funnel.confidence} /> : null) },
  ];
}

function Two({ main, note }: { main: string; note: string | null }) {
  return <span className={css.two}>{main}{note && <span className="muted small">{note}</span>}</span>;
}

/** The status of a campaign; null for one that is deleted. */
export function CampaignStatusTag({ status }: { status: Status | null }) {
  const found = STATUSES.find(({ id }) => id === status);
  return found ? <span className={`tag ${found.tag}`} title={found.text}>{found.name}</span> : <span className="tag">Deleted</span>;
}
