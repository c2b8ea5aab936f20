import { useState } from "react";
import { Link } from "wouter";
import { call, type Request, type Schema } from "../../api/client";
import { useChange, useGet } from "../../api/use";
import { isZone, PLANS } from "../../core/account";
import { count } from "../../core/numbers";
import { USER_ID } from "../../core/people";
import { ApiRequest } from "../../ui/ApiRequest";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Choice";
import { TextBox, Toggle } from "../../ui/fields";
import { Form } from "../../ui/form";
import { Card, Page } from "../../ui/Page";
import { Empty, Loaded } from "../../ui/states";
import { toast } from "../../ui/toasts";
import { ZonePicker } from "./ZonePicker";

type Plan = Schema["Plan"];

/** The plan and the zone of any account, for platform administrators, who need no handle of their own. */
export default function Platform() {
  const account = useGet("/v2/account");
  return (
    <main id="page" className="main" tabIndex={-1}>
      <Page title="Platform administration" note="The plan and the time zone of an account, by its user id." actions={<Link href="/home">Back to the console</Link>}>
        <Loaded of={account}>
          {({ platformAdmin }) =>
            platformAdmin ? <SetAccount /> : <Empty title="This page is for platform administrators">Users in the group platform-admin of the identity provider can open it.</Empty>
          }
        </Loaded>
      </Page>
    </main>
  );
}

function SetAccount() {
  const [typed, setTyped] = useState("");
  const [plan, setPlan] = useState<Plan>("PRO");
  const [keepZone, setKeepZone] = useState(true);
  const [zone, setZone] = useState("UTC");
  const userId = typed.trim();
  const body = { plan, ...(keepZone ? {} : { timeZone: zone }) };
  const set = useChange(async () => (await call("put", "/v2/platform-admin/accounts/{userId}", { path: { userId }, body })).data);
  const request: Request = { verb: "put", address: `/v2/platform-admin/accounts/${encodeURIComponent(userId)}`, body };
  const ready = USER_ID.test(userId) && (keepZone || isZone(zone));
  const submit = () => ready && set.mutate(undefined, { onSuccess: (account) => toast(`${account.userId} is on ${account.plan}.`) });
  return (
    <Card title="Set an account" note="It counts from the next write on, and no write is charged for it. The account's audit records it." actions={<ApiRequest requests={[request]} />}>
      <Form problem={set.error} shown={["userId", "plan", "timeZone"]} onSubmit={submit}>
        {(fault) => (
          <>
            <TextBox label="User id" value={typed} onChange={setTyped} isRequired help="An account that was never used is made with this plan." {...fault("userId")} />
            <Choice label="Plan" options={PLANS.map(({ id, writes }) => ({ id, name: id, note: `${count(writes)} writes a day` }))} value={plan} onChange={setPlan} {...fault("plan")} />
            <Toggle label="Keep the time zone as it is" value={keepZone} onChange={setKeepZone} />
            {!keepZone && <ZonePicker value={zone} onChange={setZone} {...fault("timeZone")} />}
            <div className="form-foot"><Button type="submit" kind="primary" isDisabled={!ready || set.isPending}>Set</Button></div>
            {set.data && <p role="status" className="alert alert-good">{set.data.userId} is on {set.data.plan}{set.data.timeZone ? `, in ${set.data.timeZone}` : ""}.</p>}
          </>
        )}
      </Form>
    </Card>
  );
}
