import { useEffect, useId, useRef, useState, type FocusEvent, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useNow } from "../../../app/clock";
import { useRange } from "../../../app/context";
import { useReport } from "../../../api/report";
import { points, seriesSummary } from "../../../core/series";
import { sparkLine } from "../../../core/spark";
import { dayOf } from "../../../core/time";
import css from "./spark.module.css";

/** How long a row is pointed at before its days are asked for. */
const PAUSE_MS = 350;

type Place = { slug: string; left: number; top: number };

/** Shows the days of the row that is pointed at or has the focus: one request, of that row alone, once it stays there. */
export function SparkLayer({ children }: { children: ReactNode }) {
  const [place, setPlace] = useState<Place | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const described = useRef<Element | null>(null);
  const id = useId();
  const hide = () => {
    clearTimeout(timer.current);
    described.current?.removeAttribute("aria-describedby");
    described.current = null;
    setPlace(null);
  };
  useEffect(() => {
    const scrolled = () => setPlace(null);
    addEventListener("scroll", scrolled, { passive: true });
    return () => {
      removeEventListener("scroll", scrolled);
      clearTimeout(timer.current);
    };
  }, []);
  const show = (name: Element, slug: string) => {
    if (slug === place?.slug) return;
    hide();
    timer.current = setTimeout(() => {
      const box = name.getBoundingClientRect();
      // The row may be gone by now.
      if (!name.isConnected) return;
      name.setAttribute("aria-describedby", id);
      described.current = name;
      setPlace({ slug, left: Math.max(8, Math.min(box.right + 12, innerWidth - 268)), top: box.bottom + 130 > innerHeight ? box.top - 124 : box.bottom });
    }, PAUSE_MS);
  };
  const rowOf = (target: EventTarget): [Element, string] | null => {
    const row = (target as Element).closest<HTMLElement>("tr[data-key]");
    const name = row?.querySelector(".row-name");
    return row && name ? [name, row.dataset["key"] ?? ""] : null;
  };
  const over = (event: PointerEvent) => {
    const found = event.pointerType === "mouse" ? rowOf(event.target) : null;
    if (found) show(...found);
  };
  const focused = (event: FocusEvent) => {
    const found = event.target.matches(".row-name:focus-visible") ? rowOf(event.target) : null;
    if (found) show(...found);
  };
  return (
    <div onPointerOver={over} onPointerLeave={hide} onFocus={focused} onBlur={hide} onKeyDown={(event: KeyboardEvent) => event.key === "Escape" && hide()}>
      {children}
      {place && (
        <div id={id} role="tooltip" className={css.spark} style={{ left: place.left, top: place.top }}>
          <Spark key={place.slug} slug={place.slug} />
        </div>
      )}
    </div>
  );
}

const [WIDTH, HEIGHT] = [232, 48];

/** The days of a link as a small line, with its figures in a sentence. */
function Spark({ slug }: { slug: string }) {
  const [range] = useRange();
  const now = useNow();
  const report = useReport(range, { groupBy: "day", slug });
  if (report.problem) return <p className="small">{report.problem.message}</p>;
  if (!report.data) return <p className="muted small">Reading the days of {slug} …</p>;
  const series = points(report.data, undefined, dayOf(now));
  return (
    <>
      <svg className={css.line} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true"><path d={sparkLine(series.map(({ people }) => people), WIDTH, HEIGHT)} /></svg>
      <p className="small"><strong>{slug}</strong>: {seriesSummary(series, report.data.totals, undefined)}</p>
    </>
  );
}
