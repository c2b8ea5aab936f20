import { useId, useState, type ReactNode } from "react";
import type { Request } from "../api/client";
import { ApiRequest } from "./ApiRequest";
import { IconButton } from "./Button";
import { DataTable, type Column } from "./DataTable";
import { Card } from "./Page";

type Props<Row> = {
  title: string;
  /** What the chart shows, in one sentence with its figures: for those who do not see it, and for those in a hurry. */
  summary: string;
  /** The same data as a table. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  requests: readonly Request[];
  /** The drawing; a lazily loaded component of ui/charts. */
  children: ReactNode;
  actions?: ReactNode;
  legend?: ReactNode;
};

/** A chart with its summary, its data as a table, and its API request. */
export function Chart<Row>({ title, summary, columns, rows, rowKey, requests, children, actions, legend }: Props<Row>) {
  const [table, setTable] = useState(false);
  const id = useId();
  return (
    <Card
      title={title}
      flush={table}
      actions={
        <>
          {actions}
          <IconButton icon={table ? "chart" : "table"} label={table ? "As a chart" : "As a table"} onPress={() => setTable(!table)} />
          <ApiRequest requests={requests} />
        </>
      }
    >
      <p id={id} className={table ? "hidden" : "chart-summary"}>{summary}</p>
      {table ? (
        <DataTable label={title} columns={columns} rows={rows} rowKey={rowKey} />
      ) : (
        <figure className="chart" aria-labelledby={id}>
          {legend}
          {children}
        </figure>
      )}
    </Card>
  );
}

export type Mark = "people" | "today" | "bots" | "conversions" | "before" | "revenue";

/** What the marks of a chart stand for. */
export function Legend({ marks }: { marks: readonly (readonly [Mark, string])[] }) {
  return (
    <ul className="legend">
      {marks.map(([mark, name]) => (
        <li key={mark}><span className={`legend-mark mark-${mark}`} aria-hidden="true" />{name}</li>
      ))}
    </ul>
  );
}
