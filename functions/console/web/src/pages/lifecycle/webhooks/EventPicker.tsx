import type { Schema } from "../../../api/client";
import { exactJson } from "../../../core/decimal";
import { hasClicks, type WebhookForm } from "../../../core/webhooks";
import { Code } from "../../../ui/ApiRequest";
import { Check, Toggle } from "../../../ui/fields";
import type { FormFaults } from "../../../ui/form";
import css from "./webhooks.module.css";

type Props = { catalogue: Schema["NotificationsPanel"]["eventCatalog"]; form: WebhookForm; set: (parts: Partial<WebhookForm>) => void; fault: FormFaults };

/** Which events an endpoint receives: the catalogue, each with what causes it and a whole message as an example. */
export function EventPicker({ catalogue, form, set, fault }: Props) {
  const { error } = fault("eventTypes");
  const toggle = (type: string, on: boolean) => set({ eventTypes: on ? [...form.eventTypes, type] : form.eventTypes.filter((one) => one !== type) });
  return (
    <div className="form">
      <Toggle label="All events" help="Those of later versions too: the receiver should pass over what it does not know." value={form.all} onChange={(all) => set({ all })} />
      {error && <p className="field-error" role="alert">{error}</p>}
      <ul className={css.catalogue} aria-label="Events">
        {catalogue.map(({ type, description, examplePayload }) => (
          <li key={type} className={css.entry}>
            <Check label={type} value={form.all || form.eventTypes.includes(type)} isDisabled={form.all} onChange={(on) => toggle(type, on)} />
            <p className={`${css.entryText} muted small`}><Words text={description} /></p>
            <details className={`details ${css.entryText}`}>
              <summary>Example message</summary>
              <Code text={exactJson(examplePayload)} label={`Example of ${type}`} />
            </details>
          </li>
        ))}
      </ul>
      {!form.all && form.eventTypes.includes("conversion.tested") && !form.eventTypes.includes("conversion.recorded") && (
        <p className="field-help">With conversion.tested it receives conversion.recorded too, so that a test conversion arrives as a real one does.</p>
      )}
      {hasClicks(form) && <Toggle label="Clicks of bots too" help="Without it link.clicked is sent for people only." value={form.includeBots} onChange={(includeBots) => set({ includeBots })} {...fault("includeBots")} />}
    </div>
  );
}

/** Text with code between backticks. */
function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>;
}
