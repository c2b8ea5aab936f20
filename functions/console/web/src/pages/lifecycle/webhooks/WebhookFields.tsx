import { useGet } from "../../../api/use";
import { config } from "../../../auth/config";
import type { WebhookForm } from "../../../core/webhooks";
import { TextBox } from "../../../ui/fields";
import type { FormFaults } from "../../../ui/form";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { EventPicker } from "./EventPicker";

const PUBLIC = "A public https address on port 443 or 8443.";
const LOCAL = "On this local server: an http or https address of this machine on any port, such as http://localhost:3000/hook, or a public https address on port 443 or 8443.";

type Props = { form: WebhookForm; set: (parts: Partial<WebhookForm>) => void; fault: FormFaults; children?: React.ReactNode };

/** The fields of an endpoint: where messages go, and which ones. */
export function WebhookFields({ form, set, fault, children }: Props) {
  const panel = useGet("/v2/handles/{handle}/notifications");
  return (
    <div className="grid-2">
      <Card title="Endpoint">
        <div className="form">
          <TextBox
            label="Address" type="url" placeholder="https://hooks.example.com/10x" value={form.endpointUrl} onChange={(endpointUrl) => set({ endpointUrl })} isRequired
            help={`${config.localReceivers ? LOCAL : PUBLIC} It answers each message with a 2xx status within 10 seconds.`} {...fault("endpointUrl")}
          />
          <TextBox label="Description" placeholder="Order book" value={form.description} onChange={(description) => set({ description })} help="What it is called in lists." {...fault("description")} />
          {children}
        </div>
      </Card>
      <Card title="Events" note="Each event is sent once to each endpoint that asks for it, and again until it is answered with 2xx.">
        <Loaded of={panel} lines={8}>{({ eventCatalog }) => <EventPicker catalogue={eventCatalog} {...{ form, set, fault }} />}</Loaded>
      </Card>
    </div>
  );
}
