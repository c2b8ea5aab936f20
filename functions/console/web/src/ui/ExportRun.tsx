import { useEffect, useRef, useState } from "react";
import type { Request } from "../api/client";
import { problemOf, type Problem } from "../api/problem";
import type { ExportFile } from "../core/exports";
import { plural } from "../core/numbers";
import { ApiRequest } from "./ApiRequest";
import { Button } from "./Button";
import { save } from "./save";
import { Failed } from "./states";

type State =
  | { at: "idle" }
  | { at: "running"; rows: number; pages: number }
  | { at: "stopped"; rows: number }
  | { at: "done"; rows: number; pages: number; bytes: number; contents: string }
  | { at: "failed"; problem: Problem; rows: number };

type Props = {
  /** The name of the file. */
  file: string;
  /** Its rows: `row`. */
  unit: string;
  /** How many there may be, where that is known. */
  expected?: number;
  /** None while what to export is not chosen. */
  requests: readonly Request[];
  read: (progress: (file: ExportFile) => void, signal: AbortSignal) => Promise<ExportFile>;
  /** What a file has, in words. */
  contents?: (text: string) => string;
  isDisabled?: boolean;
};

const MIME = { csv: "text/csv", json: "application/json" } as const;

/** Reads an export page by page into one file; can be stopped, and then saves nothing. */
export function ExportRun({ file: name, unit, expected, requests, read, contents, isDisabled }: Props) {
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
      const file = await read(progress, control.signal);
      const parts = file.finished();
      save(name, parts, MIME[file.format]);
      setState({ at: "done", rows: file.rows, pages: file.pages, bytes: new Blob(parts).size, contents: contents?.(parts.join("")) ?? "" });
    } catch (thrown) {
      setState(control.signal.aborted ? { at: "stopped", rows } : { at: "failed", problem: problemOf(thrown), rows });
    }
  };
  const running = state.at === "running";
  return (
    <div className="stack">
      <div className="form-foot">
        <Button kind="primary" icon="download" onPress={() => void run()} isDisabled={running || isDisabled === true}>Export</Button>
        {running && <Button onPress={() => stop.current?.abort()}>Stop</Button>}
        <span className="grow" />
        {requests.length > 0 && <ApiRequest requests={requests} />}
      </div>
      {running && <progress className="progress" aria-label="Reading" {...(expected === undefined ? {} : { max: Math.max(expected, state.rows, 1), value: state.rows })} />}
      <p role="status" className={state.at === "idle" || state.at === "failed" ? "hidden" : ""}>{words(state, unit)}</p>
      {state.at === "failed" && <Failed problem={state.problem} again={() => void run()} />}
    </div>
  );
}

function words(state: State, unit: string): string {
  switch (state.at) {
    case "running":
      return `${plural(state.rows, unit)} in ${plural(state.pages, "page")} so far …`;
    case "stopped":
      return `Stopped after ${plural(state.rows, unit)}. Nothing was saved.`;
    case "done":
      return `Saved ${plural(state.rows, unit)} in ${plural(state.pages, "page")}, ${size(state.bytes)}${state.contents ? `: ${state.contents}` : ""}.`;
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
