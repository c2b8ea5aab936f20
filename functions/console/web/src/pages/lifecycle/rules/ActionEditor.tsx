import { ACTIONS, type Action } from "../../../core/chain";
import { draftRule, type ChainForm } from "../../../core/chainForm";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import type { FormFaults } from "../../../ui/form";
import { Card } from "../../../ui/Page";
import { ActionLook } from "./ActionLook";

type Props = { form: ChainForm; onChange: (action: ChainForm["action"]) => void; fault: FormFaults };

/** What the page is to do: its fields beside its look. */
export function ActionEditor({ form, onChange, fault }: Props) {
  const { action } = form;
  const set = (parts: Partial<ChainForm["action"]>) => onChange({ ...action, ...parts });
  const kind = ACTIONS.find(({ id }) => id === action.type);
  return (
    <Card title="Then" note="What the page is to do.">
      <div className="grid-2">
        <div className="form">
          <Choice label="Action" options={ACTIONS.map(({ id, name }) => ({ id, name }))} value={action.type} onChange={(type) => set({ type })} help={kind?.text} {...fault("action.type")} />
          <TextBox label="Title" value={action.title} onChange={(title) => set({ title })} {...fault("action.title")} />
          <TextBox label="Text" multiline value={action.text} onChange={(text) => set({ text })} {...fault("action.text")} />
          <TextBox label="Button" value={action.label} onChange={(label) => set({ label })} {...fault("action.label")} />
          <TextBox
            label="Leads to" type="url" placeholder="https://…" value={action.destinationUrl} onChange={(destinationUrl) => set({ destinationUrl })}
            help={action.type === "redirect" ? "A redirect needs it." : "Where its button leads."} {...fault("action.destinationUrl")}
          />
          <TextBox label="Data" multiline placeholder='{"discount": 10}' value={action.data} onChange={(data) => set({ data })} help="Anything else that the page uses, as a JSON object." {...fault("action.data")} />
        </div>
        <ActionLook action={draftRule(form).action as Action} />
      </div>
    </Card>
  );
}
