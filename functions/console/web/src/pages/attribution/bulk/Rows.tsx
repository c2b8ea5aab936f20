import { useState } from "react";
import { Link } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { problemOf } from "../../../api/problem";
import { useChange, useGet } from "../../../api/use";
import { batches, outcomeOf, rowFault, unsent, type BulkRow, type Outcome } from "../../../core/bulk";
import { bare } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { Button } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import { Failed } from "../../../ui/states";
import { Cost } from "./Cost";
import { taken } from "./taken";

type Props = { rows: readonly BulkRow[]; onChange: (rows: readonly BulkRow[]) => void; onBack: () => void; onDone: () => void };

const NONE = "";
const TAKEN: Outcome = { kind: "failed", message: "There is a link with this slug already: choose another, or edit that link." };

/** The links that are about to be made: each can be corrected until it is made. */
export function Rows({ rows, onChange, onBack, onDone }: Props) {
  const handle = useHandle();
  const [tags, setTags] = useState("");
  const [campaignId, setCampaign] = useState(NONE);
  const campaigns = useGet("/v2/handles/{handle}/campaigns", { query: { limit: 100 } });
  const options = [{ id: NONE, name: "No campaign" }, ...(campaigns.data?.items ?? []).map(({ campaignId: id, name }) => ({ id: id as string, name: id as string, note: name ?? "" }))];
  const waiting = unsent(rows);
  const faulty = waiting.filter((row) => rowFault(row, rows) !== null);
  const again = rows.length > waiting.length || rows.some(({ outcome }) => outcome?.kind === "failed");
  const create = useChange(async () => {
    const shared = {
      ...(tags.trim() ? { tags: [...new Set(tags.split(",").map((tag) => tag.trim()).filter(Boolean))] } : {}),
      ...(campaignId ? { campaignId } : {}),
    };
    const outcomes = new Map<number, Outcome>();
    const show = () => onChange(rows.map((row) => ({ ...row, outcome: outcomes.get(row.line) ?? row.outcome })));
    // A batch replaces what is there; here links are made, so slugs that exist are not sent.
    const exist = await taken(handle, waiting.filter(({ random }) => !random).map(({ slug }) => slug));
    for (const row of waiting) if (exist.has(row.slug)) outcomes.set(row.line, TAKEN);
    try {
      for (const batch of batches(waiting.filter(({ slug }) => !exist.has(slug)), shared)) {
        const { data } = await call("post", "/v2/handles/{handle}/links:batch", { path: { handle }, body: batch.body });
        data.results.forEach((result, index) => {
          const row = batch.rows[index];
          if (row) outcomes.set(row.line, outcomeOf(result));
        });
      }
    } finally {
      show();
    }
    if (waiting.every(({ line }) => outcomes.get(line)?.kind === "created")) onDone();
  });
  const set = (line: number, parts: Partial<BulkRow>) => onChange(rows.map((row) => (row.line === line ? { ...row, ...parts, random: false, outcome: null } : row)));
  const made = rows.length - waiting.length;
  const refused = rows.filter(({ outcome }) => outcome?.kind === "failed").length;
  return (
    <Card title={plural(rows.length, "link")} flush>
      <div className="toolbar">
        <Choice label="Campaign for all" options={options} value={campaignId} onChange={setCampaign} />
        <TextBox label="Tags for all" placeholder="With commas" value={tags} onChange={setTags} />
      </div>
      {create.error && <Failed problem={problemOf(create.error)} />}
      <DataTable label="Links to create" columns={columns(rows, set)} rows={rows} rowKey={({ line }) => String(line)} />
      <div className="toolbar">
        {waiting.length > 0 && (
          <Button kind="primary" isDisabled={create.isPending || faulty.length > 0} onPress={() => create.mutate(undefined)}>
            {again ? `Send the ${plural(waiting.length, "link")} again` : `Create ${plural(waiting.length, "link")}`}
          </Button>
        )}
        {waiting.length > 0 && <Button onPress={onBack} isDisabled={create.isPending}>Back to the lines</Button>}
        <Cost of={waiting.length} />
        <span role="status" className="small">
          {create.isPending ? "Creating …" : faulty.length ? `${plural(faulty.length, "line")} must be corrected first.` : made || refused ? `${plural(made, "link")} created${refused ? `, ${refused} refused: correct them and send them again` : ""}.` : ""}
        </span>
      </div>
    </Card>
  );
}

function columns(rows: readonly BulkRow[], set: (line: number, parts: Partial<BulkRow>) => void): Column<BulkRow>[] {
  const isMade = ({ outcome }: BulkRow): boolean => outcome !== null && outcome.kind !== "failed";
  const error = (row: BulkRow, field: "slug" | "destination"): { error?: string } => {
    const fault = isMade(row) ? null : rowFault(row, rows);
    return fault?.field === field ? { error: fault.message } : {};
  };
  return [
    { id: "line", name: "Line", cell: ({ line }) => line },
    {
      id: "slug", name: "Slug",
      cell: (row) => (isMade(row) ? <code>{row.slug}</code> : <TextBox label={`Slug of line ${row.line}`} hideLabel value={row.slug} onChange={(slug) => set(row.line, { slug })} {...error(row, "slug")} />),
    },
    {
      id: "destination", name: "Destination",
      cell: (row) => (isMade(row) ? <span className="cut">{bare(row.destination)}</span> : <TextBox label={`Destination of line ${row.line}`} hideLabel type="url" value={row.destination} onChange={(destination) => set(row.line, { destination })} {...error(row, "destination")} />),
    },
    { id: "outcome", name: "Result", cell: (row) => <Result of={row} /> },
  ];
}

function Result({ of: { outcome, slug } }: { of: BulkRow }) {
  const address = useAddress();
  if (!outcome) return <span className="muted small">not sent yet</span>;
  if (outcome.kind === "failed") return <span className="field-error">{outcome.message}</span>;
  return (
    <span className="row">
      <span className={`tag ${outcome.kind === "created" ? "tag-good" : "tag-warn"}`}>{outcome.kind === "created" ? "Created" : "Replaced"}</span>
      <Link href={address(`attribution/links/${slug}`)}>{bare(outcome.shortUrl)}</Link>
      <CopyButton text={outcome.shortUrl} label={`Copy ${bare(outcome.shortUrl)}`} />
    </span>
  );
}
