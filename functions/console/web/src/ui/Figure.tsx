import type { ReactNode } from "react";
import { change as changeOf } from "../core/numbers";

type Props = {
  label: string;
  /** The figure as shown, and in full for those who point at it. */
  value: ReactNode;
  exact?: string;
  /** The same figure now and in the period before. */
  now?: number;
  before?: number | undefined;
  note?: ReactNode;
  /** For figures of which less is better. */
  lessIsBetter?: boolean;
};

/** One number with how it changed. */
export function Figure({ label, value, exact, now, before, note, lessIsBetter }: Props) {
  const change = now !== undefined && before !== undefined ? changeOf(now, before) : null;
  const good = change && change.direction !== "same" ? (change.direction === "up") !== Boolean(lessIsBetter) : null;
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>
        <span className="figure-value" title={exact}>{value}</span>
        {change && (
          <span className={`change ${good === null ? "" : good ? "change-good" : "change-bad"}`}>
            <span aria-hidden="true">{change.text}</span>
            <span className="hidden">{change.spoken}</span>
          </span>
        )}
        {note && <span className="figure-note">{note}</span>}
      </dd>
    </div>
  );
}

export function Figures({ children }: { children: ReactNode }) {
  return <dl className="figures">{children}</dl>;
}
