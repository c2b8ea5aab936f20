import { useRef, useState } from "react";
import { useHandle, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import type { Schema } from "../../../api/client";
import { exportRequest, readExport } from "../../../api/export";
import { problemOf, type Problem } from "../../../api/problem";
import { useGet, type Reading } from "../../../api/use";
import { isPayable } from "../../../core/confidence";
import { fileName, type ExportQuery } from "../../../core/exports";
import { byCurrency, money } from "../../../core/money";
import { count, rate } from "../../../core/numbers";
import { conversionRate } from "../../../core/series";
import { differences, ledgerSums, statementText, type LedgerSums } from "../../../core/statement";
import { rangeName, type Range } from "../../../core/range";
import { dayOf, instant } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { PayableTag } from "../../../ui/ConfidenceBar";
import { Card } from "../../../ui/Page";
import { digest, save } from "../../../ui/save";
import { Failed, Loaded } from "../../../ui/states";

type Props = { range: Range; campaignId: string; report: Reading<Schema["Analytics"]> };
type Frozen = { sums: LedgerSums; rows: number; sha256: string | null; at: string; differ: string[]; file: string };

/** What a partner can be paid for the range: the totals, and the rows that prove them, as files with a digest. */
export function PayoutTab({ range, campaignId, report }: Props) {
  return (
    <Loaded of={report} lines={8}>
      {(now) => (
        <div className="grid-2">
          <Totals range={range} report={now} request={report} />
          <Freeze key={`${range.from}${range.to}`} range={range} campaignId={campaignId} report={now} />
        </div>
      )}
    </Loaded>
  );
}

function Totals({ range, report, request }: { range: Range; report: Schema["Analytics"]; request: Reading<unknown> }) {
  const { totals } = report;
  return (
    <Card title="Totals of the range" note={`${rangeName(range)}: ${range.from} to ${range.to}, UTC days`} actions={<ApiRequest requests={[request.request]} />}>
      <dl className="facts">
        <dt>Qualified clicks</dt><dd>{count(totals.qualifiedClicks)} <span className="muted">of {count(totals.clicks)}</span></dd>
        <dt>Conversions</dt><dd>{count(totals.conversions)} {totals.qualifiedClicks > 0 && <span className="muted">({rate(conversionRate(totals))} of qualified clicks)</span>}</dd>
        {byCurrency(totals.revenueByCurrency).map(([currency, amount]) => [<dt key={currency}>Revenue {currency}</dt>, <dd key={`${currency}-amount`}><strong>{money(amount, currency)}</strong></dd>])}
        <dt>Confirmed {totals.currency}</dt><dd>{money(totals.revenueConfirmed, totals.currency)}</dd>
        <dt>Confidence</dt><dd className="row">{report.confidence ?? 100} of 100 {totals.clicks + totals.conversions > 0 && <PayableTag score={report.confidence ?? 100} />}</dd>
      </dl>
    </Card>
  );
}

function Freeze({ range, campaignId, report }: { range: Range; campaignId: string; report: Schema["Analytics"] }) {
  const handle = useHandle();
  const zone = useZone();
  const now = useNow();
  const plan = useGet("/v2/handles/{handle}/usage-meters").data?.plan;
  const [frozen, setFrozen] = useState<Frozen | null>(null);
  const [rows, setRows] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const stop = useRef<AbortController>(undefined);
  const query: ExportQuery = { type: "conversions", format: "csv", from: range.from, to: range.to, campaignId };
  const score = report.confidence ?? 100;
  const freeze = async () => {
    stop.current = new AbortController();
    setProblem(null);
    setRows(0);
    try {
      const file = await readExport(handle, query, (read) => setRows(read.rows), stop.current.signal);
      const parts = file.finished();
      const sums = ledgerSums(parts.join(""));
      const at = new Date().toISOString();
      const sha256 = await digest(parts);
      const name = fileName(handle, query);
      const differ = differences(sums, report.totals);
      setFrozen({ sums, rows: file.rows, sha256, at, differ, file: name });
      save(name, parts, "text/csv");
      const statement = { handle, campaignId, range, totals: report.totals, confidence: score, penalties: report.penalties ?? [], sums, rows: file.rows, file: name, sha256: sha256 ?? "", frozenAt: at };
      save(name.replace("-conversions-", "-statement-"), [statementText(statement)], "text/csv");
    } catch (thrown) {
      if (!stop.current.signal.aborted) setProblem(problemOf(thrown));
    } finally {
      setRows(null);
    }
  };
  return (
    <Card title="Freeze for payout" note="Two files: every ledger row, and a statement of the totals with the digest of those rows." actions={<ApiRequest requests={[exportRequest(handle, query)]} />}>
      <div className="stack">
        {!isPayable(score) && <p className="alert alert-bad">The confidence is {score}: examine the reasons on the overview before you pay.</p>}
        {range.to >= dayOf(now) && <p className="alert alert-warn">The range includes today, which still counts. Choose days that are over for a final statement.</p>}
        {plan === "FREE" ? (
          <p className="alert"><span>Exports need the plan PRO; this account is on FREE. The totals beside stay readable.</span></p>
        ) : (
          <div className="form-foot">
            <Button kind="primary" icon="download" isDisabled={rows !== null} onPress={() => void freeze()}>Freeze and save</Button>
            {rows !== null && <><span role="status">{count(rows)} rows …</span><Button size="small" onPress={() => stop.current?.abort()}>Stop</Button></>}
          </div>
        )}
        {problem && <Failed problem={problem} />}
        {frozen && <Proof frozen={frozen} zone={zone} />}
      </div>
    </Card>
  );
}

function Proof({ frozen, zone }: { frozen: Frozen; zone: string }) {
  const { sums, rows, sha256, at, differ, file } = frozen;
  return (
    <div className="stack" role="status">
      {differ.length ? (
        <p className="alert alert-warn">The rows and the totals differ in {differ.join(", ")}: a conversion was counted or adjusted in between. Freeze again.</p>
      ) : (
        <p className="alert alert-good">The {count(rows)} rows add up to the totals, to the last digit.</p>
      )}
      <dl className="facts">
        <dt>Rows</dt><dd>{count(rows)}: {count(sums.conversions)} conversions, {count(sums.adjustments)} adjustments</dd>
        {byCurrency(Object.fromEntries(sums.byCurrency)).map(([currency, amount]) => [<dt key={currency}>Sum {currency}</dt>, <dd key={`${currency}-sum`}>{money(amount, currency)}</dd>])}
        <dt>File</dt><dd><code>{file}</code></dd>
        {sha256 && <><dt>SHA-256</dt><dd><code>{sha256}</code></dd></>}
        <dt>Frozen</dt><dd>{instant(at, zone)}</dd>
      </dl>
    </div>
  );
}
