import type { FormFaults } from "../../../ui/form";
import { conditionText, oppositeText, type Group } from "../../../core/chain";
import { SPANS, whenOf, type ConditionForm, type SignalForm } from "../../../core/chainForm";
import { SEGMENTS } from "../../../core/sessions";
import { IconButton } from "../../../ui/Button";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Values } from "../../../ui/Values";
import css from "./rules.module.css";

type Props<C> = { condition: C; path: string; fault: FormFaults; onChange: (condition: ConditionForm) => void };

const SEGMENT_NAMES = Object.keys(SEGMENTS).filter((name) => name !== "none" && name !== "other");

/** One condition: its fields, and what it says. */
export function ConditionCard({ group, index, onRemove, ...props }: Props<ConditionForm> & { group: Group; index: number; onRemove: () => void }) {
  const { condition, path, fault } = props;
  const [known] = whenOf({ when: { all: [condition], any: [], none: [] } }).all ?? [];
  const wrong = fault(path).error;
  return (
    <div className={css.condition} role="group" aria-label={`Condition ${index + 1}`}>
      <div className={css.conditionHead}>
        <span>{known ? (group === "none" ? oppositeText(known) : conditionText(known)) : <span className="muted">{condition.kind === "segment" ? "Name a segment." : "Name the signal."}</span>}</span>
        <IconButton icon="close" label={`Remove condition ${index + 1}`} onPress={onRemove} />
      </div>
      {wrong && <p className="field-error" role="alert" tabIndex={-1}>{wrong}</p>}
      {condition.kind === "segment" ? (
        <Values
          label="Segments" values={condition.segments} offered={SEGMENT_NAMES} help="One of them suffices. Press Enter after each." placeholder="vip"
          onChange={(segments) => props.onChange({ ...condition, segments })} {...listFault(fault, `${path}.segmentIn`, condition.segments.length)}
        />
      ) : (
        <Signals {...props} condition={condition} />
      )}
    </div>
  );
}

/** The fault of a list, or the first one of its parts. */
function listFault(fault: FormFaults, path: string, length: number): { name: string; error?: string } {
  const own = fault(path);
  if (own.error) return own;
  const part = Array.from({ length }, (_, index) => ({ index, error: fault(`${path}[${index}]`).error })).find(({ error }) => error);
  return part?.error ? { name: path, error: `Number ${part.index + 1}: ${part.error}` } : own;
}

function Signals({ condition, path, fault, onChange }: Props<SignalForm>) {
  const set = (parts: Partial<SignalForm>) => onChange({ ...condition, ...parts });
  return (
    <>
      <div className="form-row">
        <TextBox label="Signal" placeholder="view" value={condition.signalKey} onChange={(signalKey) => set({ signalKey })} isRequired {...fault(`${path}.signalKey`)} />
        <TextBox label="At least" placeholder="1" after="times" value={condition.minCount} onChange={(minCount) => set({ minCount })} {...fault(`${path}.minCount`)} />
        <TextBox label="Confidence at least" placeholder="any" value={condition.minConfidence} onChange={(minConfidence) => set({ minConfidence })} help="From 0 to 1." {...fault(`${path}.minConfidence`)} />
        <div className={css.window}>
          <TextBox label="Within the last" placeholder="30 days" value={condition.within} onChange={(within) => set({ within })} {...fault(`${path}.withinSeconds`)} />
          <Choice label="Unit" hideLabel options={SPANS} value={condition.span} onChange={(span) => set({ span })} />
        </div>
      </div>
      <Values
        label="With one of these values" values={condition.values} help="Any value without. Press Enter after each." onChange={(values) => set({ values })}
        {...listFault(fault, `${path}.signalValueIn`, condition.values.length)}
      />
    </>
  );
}
