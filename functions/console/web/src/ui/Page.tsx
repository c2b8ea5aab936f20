import { useEffect, type ReactNode } from "react";
import type { Schema } from "../api/client";
import { useNow } from "../app/clock";
import { useZone } from "../app/context";
import { staleness } from "../core/freshness";
import { clock } from "../core/time";

type Freshness = Schema["Freshness"];
type Props = { title: ReactNode; /** What the tab of the browser is called, where the title is not only text. */ name?: string; note?: ReactNode; actions?: ReactNode; children: ReactNode; asOf?: number | undefined; freshness?: Freshness | undefined };

/** A page: its title and actions, then cards. */
export function Page({ title, name, note, actions, children, asOf, freshness }: Props) {
  const called = name ?? (typeof title === "string" ? title : null);
  useEffect(() => {
    if (called) document.title = `${called} – 10x Links`;
  }, [called]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1>{title}</h1>
          {note && <p className="muted">{note}</p>}
        </div>
        <div className="page-side">
          {actions && <div className="page-actions">{actions}</div>}
          {asOf !== undefined && <AsOf at={asOf} freshness={freshness} />}
        </div>
      </header>
      {children}
    </div>
  );
}

/** When figures were read, and that they are old if they are. */
export function AsOf({ at, freshness }: { at: number; freshness?: Freshness | undefined }) {
  const zone = useZone();
  const now = useNow();
  const stale = freshness && staleness(freshness, now);
  // Its line is there before it is known, so that nothing moves then.
  if (!at) return <span className="as-of" />;
  return (
    <span className="as-of">
      {stale && <span className="tag tag-warn">{stale}</span>} as of <time>{clock(at, zone)}</time>
    </span>
  );
}

type CardProps = { title?: ReactNode; note?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean; className?: string };

/** A part of a page. `flush` lets a table reach its edges. */
export function Card({ title, note, actions, children, flush, className }: CardProps) {
  return (
    <section className={`card${flush ? " card-flush" : ""} ${className ?? ""}`}>
      {(title || actions) && (
        <header className="card-head">
          <div>
            <h2>{title}</h2>
            {note && <p className="muted small">{note}</p>}
          </div>
          <div className="card-actions">{actions}</div>
        </header>
      )}
      <div className="card-body">{children}</div>
    </section>
  );
}
