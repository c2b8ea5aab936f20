import { READS, RESOURCES, SCOPES, type Grant, type Scope } from "../../../core/scopes";
import { Button } from "../../../ui/Button";
import { Check } from "../../../ui/fields";
import css from "./tokens.module.css";

type Props = { value: readonly Scope[]; onChange: (scopes: Scope[]) => void; error?: string };

/** The scopes of a token: resources in rows, reading and writing in columns, each with what it permits. */
export function ScopeMatrix({ value, onChange, error }: Props) {
  const set = (scope: Scope, on: boolean) => onChange(SCOPES.filter((other) => (other === scope ? on : value.includes(other))));
  return (
    <fieldset className={`field ${css.fieldset}`}>
      <legend className="field-label">Scopes</legend>
      <div className="row">
        <Button size="small" onPress={() => onChange([...READS])}>All that reads</Button>
        <Button size="small" onPress={() => onChange([...SCOPES])}>All</Button>
        <Button size="small" onPress={() => onChange([])}>None</Button>
      </div>
      <table className={css.matrix} aria-label="Scopes">
        <thead><tr><th scope="col">Resource</th><th scope="col">Read</th><th scope="col">Write</th></tr></thead>
        <tbody>
          {RESOURCES.map(({ name, read, write }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{read && <Cell grant={read} value={value} set={set} />}</td>
              <td>{write && <Cell grant={write} value={value} set={set} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error && <span className="field-error" role="alert">{error}</span>}
    </fieldset>
  );
}

function Cell({ grant, value, set }: { grant: Grant; value: readonly Scope[]; set: (scope: Scope, on: boolean) => void }) {
  return (
    <span className={css.grant}>
      <Check label={grant.scope} value={value.includes(grant.scope)} onChange={(on) => set(grant.scope, on)} />
      <span className="muted small">{grant.text}.</span>
    </span>
  );
}
