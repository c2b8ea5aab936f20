import { useState } from "react";
import { useHandle } from "../../app/context";
import { useNow } from "../../app/clock";
import { call, type Request, type Schema } from "../../api/client";
import { useChange, useGet } from "../../api/use";
import { FEATURES, includes, isZone, PLANS } from "../../core/account";
import { count } from "../../core/numbers";
import { instant, relative } from "../../core/time";
import { ApiRequest } from "../../ui/ApiRequest";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/Copy";
import { DataTable, type Column } from "../../ui/DataTable";
import { Figure, Figures } from "../../ui/Figure";
import { Form } from "../../ui/form";
import { Icon } from "../../ui/Icon";
import { Card, Page } from "../../ui/Page";
import { Loaded } from "../../ui/states";
import { toast } from "../../ui/toasts";
import css from "./account.module.css";
import { ZonePicker } from "./ZonePicker";

type OwnAccount = Schema["OwnAccount"];

/** The caller's own account: its plan and what it includes, the writes of the day, and its time zone. One request. */
export default function Account() {
  const account = useGet("/v2/account");
  return (
    <Page title="Plan and usage" note="Of your own account." asOf={account.at} actions={<ApiRequest requests={[account.request]} />}>
      <Loaded of={account} lines={8}>
        {(data) => (
          <div className="stack">
            <Usage account={data} />
            <div className="grid-2">
              <Plans account={data} />
              <div className="stack">
                <Zone key={data.timeZone} account={data} />
                <You account={data} />
              </div>
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Usage({ account }: { account: OwnAccount }) {
  const now = useNow();
  const handle = useHandle();
  const place = useGet("/v2/handles/{handle}");
  const { limits, writesToday, resetsAt, timeZone, plan } = account;
  const left = Math.max(0, limits.writesPerDay - writesToday);
  return (
    <>
      <Figures>
        <Figure label="Plan" value={PLANS.find(({ id }) => id === plan)?.name ?? plan} note={`${count(limits.writesPerDay)} writes a day`} />
        <Figure label="Writes today" value={count(writesToday)} note={<meter className={css.meter} min={0} max={limits.writesPerDay} value={writesToday} aria-label={`${count(writesToday)} of ${count(limits.writesPerDay)} writes used`} />} />
        <Figure label="Writes left" value={count(left)} note="over all handles that you own" />
        <Figure label="They start again" value={relative(resetsAt, now)} note={`${instant(resetsAt, timeZone)}, ${timeZone}`} />
      </Figures>
      {place.data && place.data.ownerUserId !== account.userId && (
        <p className="alert"><span>Writes in <strong>{handle}</strong> are charged to the account of its owner, <code>{place.data.ownerUserId}</code>, not to yours.</span></p>
      )}
    </>
  );
}

type PlanRow = { id: string; name: string; text: string; of: Record<Schema["Plan"], string | boolean> };

function Plans({ account }: { account: OwnAccount }) {
  const rows: PlanRow[] = [
    { id: "writes", name: "Writes a day", text: "Creating and changing; reading and visitors are free.", of: { FREE: "2", PRO: "10", ENTERPRISE: "500" } },
    ...FEATURES.map(({ id, name, text, from }) => ({ id, name, text, of: { FREE: includes("FREE", from), PRO: includes("PRO", from), ENTERPRISE: true } })),
  ];
  const columns: Column<PlanRow>[] = [
    { id: "what", name: "What", cell: ({ name, text }) => <span className={css.what}>{name}<span className="muted small">{text}</span></span> },
    ...PLANS.map(({ id, name }): Column<PlanRow> => ({
      id, name: id === account.plan ? `${name} (yours)` : name,
      cell: ({ of }) => <Included value={of[id]} />,
    })),
  ];
  return (
    <Card title="What the plans include" note="A platform administrator changes the plan." flush>
      <DataTable label="Plans" columns={columns} rows={rows} rowKey={({ id }) => id} />
    </Card>
  );
}

function Included({ value }: { value: string | boolean }) {
  if (typeof value === "string") return <strong>{value}</strong>;
  return value ? <span className="tag tag-good"><Icon name="check" size={12} />included</span> : <span className="tag"><Icon name="lock" size={12} />from Pro</span>;
}

/** Sets the zone in which the day of writes begins and in which instants are shown. */
function Zone({ account }: { account: OwnAccount }) {
  const [zone, setZone] = useState(account.timeZone as string);
  const now = useNow();
  const save = useChange((timeZone: string) => call("put", "/v2/account", { body: { timeZone } }));
  const unchanged = zone === account.timeZone;
  const request: Request = { verb: "put", address: "/v2/account", body: { timeZone: zone } };
  const submit = () => {
    if (!unchanged && isZone(zone)) save.mutate(zone, { onSuccess: () => toast(`Times are shown in ${zone}.`) });
  };
  return (
    <Card title="Time zone" note="The writes of a day start again at its midnight, and times are shown in it. Days of reports stay UTC." actions={<ApiRequest requests={[request]} />}>
      <Form problem={save.error} shown={["timeZone"]} onSubmit={submit}>
        {(fault) => (
          <>
            <ZonePicker value={zone} onChange={setZone} {...fault("timeZone")} />
            <div className="form-foot">
              <Button type="submit" kind="primary" isDisabled={unchanged || !isZone(zone) || save.isPending}>Save</Button>
              <span className="muted small">{isZone(zone) ? `There it is ${instant(now, zone)}.` : ""} {unchanged ? "" : "Costs one write."}</span>
            </div>
          </>
        )}
      </Form>
    </Card>
  );
}

function You({ account }: { account: OwnAccount }) {
  return (
    <Card title="You">
      <dl className="facts">
        <dt>User id</dt><dd className="row"><code>{account.userId}</code><CopyButton text={account.userId} label="Copy the user id" /></dd>
        <dt>Platform</dt><dd>{account.platformAdmin ? "Administrator: may set plans and zones of all accounts" : "Customer"}</dd>
      </dl>
    </Card>
  );
}
