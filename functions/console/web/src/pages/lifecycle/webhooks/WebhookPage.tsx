import { useParams } from "wouter";
import { useAddress } from "../../../app/context";
import { useGet } from "../../../api/use";
import { endpointName } from "../../../core/deliveries";
import { eventWords, webhookStatus, type Webhook } from "../../../core/webhooks";
import { ApiRequest } from "../../../ui/ApiRequest";
import { ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { QueryTabs, useTab } from "../../../ui/QueryTabs";
import { Empty } from "../../../ui/states";
import { AuditLink } from "../../settings/audit/AuditLink";
import { Log } from "../deliveries/Log";
import { WebhookStatusTag } from "./Health";
import { SettingsTab } from "./SettingsTab";
import { StripChart } from "./Strip";
import { TestSend } from "./TestSend";
import { VerifyTab } from "./VerifyTab";

const TABS = [{ id: "deliveries", name: "Deliveries" }, { id: "settings", name: "Settings" }, { id: "verify", name: "Verify" }] as const;

/** One endpoint: what was sent to it, how it is set, and how its messages are verified. At most three requests. */
export default function WebhookPage() {
  const { subscriptionId = "" } = useParams<{ subscriptionId: string }>();
  const webhook = useGet("/v2/handles/{handle}/webhooks/{subscriptionId}", { path: { subscriptionId } });
  return <PageOf of={webhook} title="Endpoint">{(data) => <Shown key={data.subscriptionId} webhook={data} request={webhook.request} />}</PageOf>;
}

function Shown({ webhook, request }: { webhook: Webhook; request: Parameters<typeof ApiRequest>[0]["requests"][number] }) {
  const address = useAddress();
  const tab = useTab(TABS);
  const name = endpointName(webhook);
  return (
    <Page
      title={<span className="row"><bdi>{name}</bdi> <WebhookStatusTag status={webhook.status} /></span>}
      name={name}
      note={<span className="row"><code>{webhook.endpointUrl}</code><CopyButton text={webhook.endpointUrl} label="Copy the address" /><span>{eventWords(webhook)}</span></span>}
      actions={
        <>
          <AuditLink target={webhook.subscriptionId} />
          <ButtonLink icon="undo" href={address(`lifecycle/replay?endpoint=${webhook.subscriptionId}`)}>Replay</ButtonLink>
          <ApiRequest requests={[request]} />
        </>
      }
    >
      <Disabled webhook={webhook} here={tab === "settings"} />
      <QueryTabs label="Views of the endpoint" tabs={TABS} current={tab} />
      {tab === "deliveries" && (
        <>
          <div className="grid-2">
            <StripChart subscriptionId={webhook.subscriptionId} />
            <TestSend webhook={webhook} />
          </div>
          <Log endpoint={webhook.subscriptionId} nameOf={() => name} empty={<Empty title="Nothing was sent to it yet">Send a test above, or wait for its first event.</Empty>} />
        </>
      )}
      {tab === "settings" && <SettingsTab webhook={webhook} />}
      {tab === "verify" && <VerifyTab />}
    </Page>
  );
}

/** Why a disabled endpoint receives nothing, and where to enable it. */
function Disabled({ webhook: { status, subscriptionId }, here }: { webhook: Webhook; here: boolean }) {
  const address = useAddress();
  if (status === "ACTIVE") return null;
  return (
    <div className={`alert ${status === "DISABLED" ? "" : "alert-bad"}`}>
      <span><strong>{webhookStatus(status).name}.</strong> {webhookStatus(status).text}{here && " Correct its address if it has another now, enable it below, and save."}</span>
      {!here && <ButtonLink size="small" href={address(`lifecycle/webhooks/${subscriptionId}?tab=settings`)}>Enable it</ButtonLink>}
    </div>
  );
}
