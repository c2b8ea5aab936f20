import { useState } from "react";
import { useAddress } from "../../app/context";
import { useNow } from "../../app/clock";
import { call, type Request, type Schema } from "../../api/client";
import { useChange, useGet } from "../../api/use";
import { isZone } from "../../core/account";
import { count } from "../../core/numbers";
import { instant } from "../../core/time";
import { ApiRequest } from "../../ui/ApiRequest";
import { Button, ButtonLink } from "../../ui/Button";
import { CopyButton } from "../../ui/Copy";
import { Form } from "../../ui/form";
import { Card, Page } from "../../ui/Page";
import { Loaded } from "../../ui/states";
import { toast } from "../../ui/toasts";
import { ZonePicker } from "./ZonePicker";

type OwnAccount = Schema["OwnAccount"];

/** The caller's own account: who it is, and its time zone. One request. */
export default function Account() {
  const account = useGet("/v2/account");
  return (
    <Page title="Your account" note="It is the same in every handle." asOf={account.at} actions={<ApiRequest requests={[account.request]} />}>
      <Loaded of={account} lines={8}>
        {(data) => (
          <div className="grid-2">
            <You account={data} />
            <Zone key={data.timeZone} account={data} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function You({ account }: { account: OwnAccount }) {
  const address = useAddress();
  const { userId, plan, limits, writesToday, platformAdmin } = account;
  return (
    <Card title="You" note="Give your user id to the owner of a handle who adds you to it.">
      <div className="stack">
        <dl className="facts">
          <dt>User id</dt><dd className="row"><code>{userId}</code><CopyButton text={userId} label="Copy the user id" /></dd>
          <dt>Plan</dt><dd>{plan}: {count(writesToday)} of {count(limits.writesPerDay)} writes today, in the handles that you own</dd>
          <dt>Platform</dt><dd>{platformAdmin ? "Administrator: you may set the plan and the zone of every account." : "Customer"}</dd>
        </dl>
        <div className="row">
          <ButtonLink icon="chart" href={address("settings/plan")}>What the plans open</ButtonLink>
          {platformAdmin && <ButtonLink icon="gear" href="/home/platform">Platform administration</ButtonLink>}
        </div>
      </div>
    </Card>
  );
}

/** Sets the zone in which the day of writes begins and in which instants are shown. */
function Zone({ account }: { account: OwnAccount }) {
  const [zone, setZone] = useState(account.timeZone as string);
  const now = useNow();
  // Reported here and not when the change is over: this card is replaced as soon as the zone changes.
  const save = useChange(async (timeZone: string) => {
    await call("put", "/v2/account", { body: { timeZone } });
    toast(`The zone of your account is ${timeZone}.`);
  });
  const unchanged = zone === account.timeZone;
  const request: Request = { verb: "put", address: "/v2/account", body: { timeZone: zone } };
  const submit = () => {
    if (!unchanged && isZone(zone)) save.mutate(zone);
  };
  return (
    <Card title="Time zone" note="In the handles that you own, times are shown in it, and the writes of a day start again at its midnight. Days of reports stay UTC." actions={<ApiRequest requests={[request]} />}>
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
