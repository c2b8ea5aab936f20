import { useEffect, useRef, useState } from "react";
import { useHandle } from "../../../app/context";
import { exportRequest, readExport } from "../../../api/export";
import { problemOf, type Problem } from "../../../api/problem";
import { fileName, type ExportFile, type ExportQuery } from "../../../core/exports";
import { count, plural } from "../../../core/numbers";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { save } from "../../../ui/save";
import { Failed } from "../../../ui/states";

type State =
  | { at: "idle" }
  | { at: "running"; rows: number; pages: number }
  | { at: "stopped"; rows: number }
  | { at: "done"; rows: number; pages: number; bytes: number }
  | { at: "failed"; problem: Problem; rows: number };

const MIME = { csv: "text/csv", json: "application/json" } as const;

/** Reads an export page by page into one file; can be stopped, and then saves nothing. */
export function Run({ query, expected }: { query: ExportQuery; expected: number }) {
  const handle = useHandle();
  const [state, setState] = useState<State>({ at: "idle" });
  const stop = useRef<AbortController>(undefined);
  // Leaving the page, or choosing other rows, ends it.
  useEffect(() => () => stop.current?.abort(), []);
  const run = async () => {
    const control = new AbortController();
    stop.current = control;
    let rows = 0;
    const progress = (file: ExportFile) => {
      rows = file.rows;
      setState({ at: "running", rows, pages: file.pages });
    };
    setState({ at: "running", rows: 0, pages: 0 });
    try {
      const file = await readExport(handle, query, progress, control.signal);
      const parts = file.finished();
      save(fileName(handle, query), parts, MIME[query.format]);
      setState({ at: "done", rows: file.rows, pages: file.pages, bytes: new Blob(parts).size });
    } catch (thrown) {
      setState(control.signal.aborted ? { at: "stopped", rows } : { at: "failed", problem: problemOf(thrown), rows });
    }
  };
  const running = state.at === "running";
  return (
    <div className="stack">
      <div className="form-foot">
        <Button kind="primary" icon="download" onPress={() => void run()} isDisabled={running}>Export</Button>
        {running && <Button onPress={() => stop.current?.abort()}>Stop</Button>}
        <span className="grow" />
        <ApiRequest requests={[exportRequest(handle, query)]} />
      </div>
      {running && <progress className="progress" aria-label="Rows read" max={Math.max(expected, state.rows, 1)} value={state.rows} />}
      <p role="status" className={state.at === "idle" || state.at === "failed" ? "hidden" : ""}>{words(state)}</p>
      {state.at === "failed" && <Failed problem={state.problem} again={() => void run()} />}
    </div>
  );
}

function words(state: State): string {
  switch (state.at) {
    case "running":
      return `${count(state.rows)} rows in ${plural(state.pages, "page")} so far …`;
    case "stopped":
      return `Stopped after ${count(state.rows)} rows. Nothing was saved.`;
    case "done":
      return `Saved ${count(state.rows)} rows in ${plural(state.pages, "page")}, ${size(state.bytes)}.`;
    default:
      return "";
  }
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Bytes for people: `6.5 kB`. */
function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  return new Intl.NumberFormat("en", { style: "unit", unit: UNITS[power] ?? "byte", maximumFractionDigits: 1 }).format(bytes / 1000 ** power);
}
