import type { Difference } from "../core/diff";

const text = (value: unknown): string => (value === null || value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value, null, 1));

/** What changed, field by field. */
export function Differences({ of }: { of: readonly Difference[] }) {
  if (!of.length) return <p className="muted small">Nothing differs.</p>;
  return (
    <dl className="differences">
      {of.map(({ field, before, after }) => (
        <div key={field}>
          <dt><code>{field}</code></dt>
          <dd><del>{text(before)}</del> <ins>{text(after)}</ins></dd>
        </div>
      ))}
    </dl>
  );
}
