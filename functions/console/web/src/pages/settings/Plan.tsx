import { useRole, useZone } from "../../app/context";
import { useNow } from "../../app/clock";
import type { Request, Schema } from "../../api/client";
import { useGet } from "../../api/use";
import { FEATURES, includes, PLANS } from "../../core/account";
import { count } from "../../core/numbers";
import { quota } from "../../core/quota";
import { instant, longDay, relative } from "../../core/time";
import { usageSummary, usedDays, type Used } from "../../core/usage";
import { Chart } from "../../ui/Chart";
import { Writes } from "../../ui/charts";
import { DataTable, type Column } from "../../ui/DataTable";
import { Figure, Figures } from "../../ui/Figure";
import { Icon } from "../../ui/Icon";
import { Card, Page } from "../../ui/Page";
import { Loaded } from "../../ui/states";
import css from "./plan.module.css";

type Usage = Schema["Usage"];

/** The plan of the handle's owner, its writes of today and of thirty days, and what the plans open. One request. */
export default function Plan() {
  const role = useRole();
  const usage = useGet("/v2/handles/{handle}/usage-meters", { query: { days: 30 } });
  const note = role === "OWNER" ? "Of your account: your writes in all handles that you own." : "Of the account of this handle's owner: its writes in all handles of the owner.";
  return (
    <Page title="Plan and usage" note={note} asOf={usage.at}>
      <Loaded of={usage} lines={8}>
        {(data) => (
          <div className="stack">
            <Today usage={data} />
            <Days usage={data} requests={[usage.request]} />
            <Plans plan={data.plan} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Today({ usage }: { usage: Usage }) {
  const now = useNow();
  const { plan, timeZone } = usage;
  const { used, limit, left, resetsAt } = quota(usage);
  return (
    <Figures>
      <Figure label="Plan" value={plan} note={`${count(limit)} writes a day`} />
      <Figure label="Writes today" value={count(used)} note={<meter className={css.meter} min={0} max={limit} value={used} aria-label={`${count(used)} of ${count(limit)} writes used`} />} />
      <Figure label="Writes left" value={count(left)} note="Reading, previews and visitors cost none" />
      <Figure label="They start again" value={relative(resetsAt, now)} note={`${instant(resetsAt, timeZone)}, ${timeZone}`} />
    </Figures>
  );
}

function Days({ usage, requests }: { usage: Usage; requests: readonly Request[] }) {
  const zone = useZone();
  const days = usedDays(usage.days);
  const limit = usage.limits.writesPerDay;
  const columns: Column<Used>[] = [
    { id: "day", name: `Day (${zone})`, cell: ({ day, today }) => `${longDay(day)}${today ? " (until now)" : ""}` },
    { id: "writes", name: "Writes", align: "end", cell: ({ writes }) => count(writes), total: count(days.reduce((sum, { writes }) => sum + writes, 0)) },
  ];
  return (
    <Chart title="Writes by day" summary={usageSummary(days, limit)} columns={columns} rows={days} rowKey={({ day }) => day} requests={requests}>
      <Writes days={days} limit={limit} />
    </Chart>
  );
}

type PlanRow = { id: string; name: string; text: string; of: Record<Schema["Plan"], string | boolean>; from: Schema["Plan"] };

function Plans({ plan }: { plan: Schema["Plan"] }) {
  const of = (value: (id: Schema["Plan"], writes: number) => string | boolean) =>
    Object.fromEntries(PLANS.map(({ id, writes }) => [id, value(id, writes)])) as PlanRow["of"];
  const rows: PlanRow[] = [
    { id: "writes", name: "Writes a day", text: "Creating and changing; reading and visitors are free.", of: of((_, writes) => count(writes)), from: "FREE" },
    ...FEATURES.map(({ id, name, text, from }) => ({ id, name, text, of: of((present) => includes(present, from)), from })),
  ];
  const columns: Column<PlanRow>[] = [
    { id: "what", name: "What", cell: ({ name, text }) => <span className={css.what}>{name}<span className="muted small">{text}</span></span> },
    ...PLANS.map(({ id }): Column<PlanRow> => ({ id, name: id === plan ? `${id} (yours)` : id, cell: ({ of: values, from }) => <Included value={values[id]} from={from} /> })),
  ];
  return (
    <Card title="What the plans open" note="A platform administrator changes the plan. A higher one applies from the next write on." flush>
      <DataTable label="Plans" columns={columns} rows={rows} rowKey={({ id }) => id} />
    </Card>
  );
}

function Included({ value, from }: { value: string | boolean; from: string }) {
  if (typeof value === "string") return <strong>{value}</strong>;
  return value ? <span className="tag tag-good"><Icon name="check" size={12} />included</span> : <span className="tag"><Icon name="lock" size={12} />from {from}</span>;
}
