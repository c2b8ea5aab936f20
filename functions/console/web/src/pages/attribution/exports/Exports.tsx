import { useHandle, useQueryParts, useRange } from "../../../app/context";
import { exportRequest, readExport } from "../../../api/export";
import { useReport } from "../../../api/report";
import { useGet } from "../../../api/use";
import { apiOrigin } from "../../../auth/config";
import { devCommand, estimate, exportQuery, fileName, FORMATS, script, TYPES, type ExportFormat, type ExportQuery, type ExportType } from "../../../core/exports";
import { count, plural } from "../../../core/numbers";
import { rangeName } from "../../../core/range";
import { daysBetween, longDay } from "../../../core/time";
import { Code } from "../../../ui/ApiRequest";
import { Choice, type Option } from "../../../ui/Choice";
import { Card, Page } from "../../../ui/Page";
import { ExportRun } from "../../../ui/ExportRun";
import { Icon } from "../../../ui/Icon";

const TYPE_OPTIONS: Record<ExportType, Option<ExportType> & { text: string }> = {
  conversions: { id: "conversions", name: "Conversions", note: "a row per ledger entry", text: "One row for each conversion and each adjustment, in time order: what commissions are paid on." },
  clicks: { id: "clicks", name: "Clicks", note: "a row per click", text: "One row for each click with its verdict and reasons, bots too: what every report is counted from." },
  daily: { id: "daily", name: "Daily", note: "a row per day", text: "One row for each UTC day: the totals that reports show." },
};
const FORMAT_OPTIONS: Record<ExportFormat, Option<ExportFormat>> = { csv: { id: "csv", name: "CSV", note: "for spreadsheets" }, json: { id: "json", name: "JSON", note: "one array" } };
const ALL = "";

/** Rows as files: what to export is in the address; the same rows by curl and from a checkout. */
export default function Exports() {
  const handle = useHandle();
  const [range] = useRange();
  const [parts, setParts] = useQueryParts();
  const query = exportQuery(parts, range);
  const { campaignId, slug, type } = query;
  const campaigns = useGet("/v2/handles/{handle}/campaigns", { query: { limit: 100 } });
  const plan = useGet("/v2/handles/{handle}/usage-meters").data?.plan;
  const report = useReport(range, { groupBy: "day", ...(campaignId ? { campaignId } : {}), ...(slug ? { slug } : {}) });
  const ids = (campaigns.data?.items ?? []).map((campaign) => ({ id: campaign.campaignId as string, name: campaign.name ?? (campaign.campaignId as string), note: campaign.campaignId as string }));
  const known = campaignId && !ids.some(({ id }) => id === campaignId) ? [{ id: campaignId, name: campaignId, note: "" }] : [];
  const about = report.data ? estimate(type, report.data.totals, daysBetween(range.from, range.to)) : null;
  return (
    <Page title="Exports" note="The rows behind the figures, as files.">
      <div className="grid-2">
        <Card title="What" note={`${rangeName(range)}: ${longDay(range.from)} to ${longDay(range.to)}, UTC days. Change them at the top.`}>
          <div className="form">
            <div className="form-row">
              <Choice label="Rows" options={TYPES.map((id) => TYPE_OPTIONS[id])} value={type} onChange={(id) => setParts({ type: id === "conversions" ? null : id })} />
              <Choice label="Format" options={FORMATS.map((id) => FORMAT_OPTIONS[id])} value={query.format} onChange={(id) => setParts({ format: id === "csv" ? null : id })} />
              <Choice label="Campaign" options={[{ id: ALL, name: "All campaigns", note: "" }, ...known, ...ids]} value={campaignId ?? ALL} onChange={(id) => setParts({ campaign: id })} />
            </div>
            <p className="muted">{TYPE_OPTIONS[type].text}</p>
            {slug && <p className="row"><span>Only the link <code>{slug}</code>.</span><button type="button" className="chip" onClick={() => setParts({ slug: null })}>All links <Icon name="close" size={12} /></button></p>}
          </div>
        </Card>
        <Card title="File" note={<code>{fileName(handle, query)}</code>}>
          <div className="stack">
            <p>{about ? <><strong>{about.atLeast ? "At least " : "About "}{count(about.rows)}</strong> {about.rows === 1 ? "row" : "rows"}{about.atLeast ? ", and those of adjustments and confirmations" : ""}.</> : "Counting the rows …"}</p>
            {plan === "FREE" ? <Locked /> : <Run query={query} expected={about?.rows ?? 0} />}
          </div>
        </Card>
      </div>
      <Same query={query} />
    </Page>
  );
}

function Run({ query, expected }: { query: ExportQuery; expected: number }) {
  const handle = useHandle();
  const file = fileName(handle, query);
  return <ExportRun key={file} file={file} unit="row" expected={expected} requests={[exportRequest(handle, query)]} read={(progress, signal) => readExport(handle, query, progress, signal)} />;
}

function Locked() {
  return (
    <p className="alert">
      <span className="row"><Icon name="lock" /> Exports need the plan PRO; this account is on FREE.</span>
    </p>
  );
}

/** The same rows without the console. */
function Same({ query }: { query: ExportQuery }) {
  const handle = useHandle();
  const name = fileName(handle, query);
  const command = devCommand(handle, query, name);
  return (
    <Card title="The same without the console" note={`A page carries at most about 4 MiB; x-next-cursor leads to the next. ${query.format === "csv" ? "Only the first has the names of the columns." : "Each is a document of its own."}`}>
      <div className="stack">
        <Code text={script(apiOrigin() + exportRequest(handle, query).address, name, query.format)} label="Shell script" />
        {command && (
          <>
            <p className="muted">From a checkout, with the server's data directory; the file is the same to the byte:</p>
            <Code text={command} label="Command" />
          </>
        )}
        <p className="muted small">Cells that a spreadsheet could take for a formula begin with an apostrophe. {plural(400, "day")} at most.</p>
      </div>
    </Card>
  );
}
