import { useMemo, useRef, type KeyboardEvent, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import type { Request } from "../api/client";
import { sorted, type Sort } from "../core/query";
import { ApiRequest } from "./ApiRequest";
import { Check } from "./fields";
import { Icon } from "./Icon";

export type Column<Row> = {
  id: string;
  name: string;
  cell: (row: Row) => ReactNode;
  /** What the rows are ordered by, where they can be. */
  sort?: (row: Row) => string | number | null | undefined;
  /** Numbers stand at the end of their column. */
  align?: "end";
  /** Its figure under the table. */
  total?: ReactNode;
  /** Left out of the cards that replace the table on a small screen. */
  wideOnly?: boolean;
};

export type Selection = { chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void; nameOf: (key: string) => string };

type Props<Row> = {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Where a row leads; its first cell is the link. */
  href?: (row: Row) => string;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  selection?: Selection;
  empty?: ReactNode;
  requests?: readonly Request[];
  /** Shown beside the number of rows. */
  foot?: ReactNode;
};

/** A table: ordered by its heads, walked with j, k and Enter, cards on a small screen, with its API request. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, href, sort, onSort, selection, empty, requests, foot } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const ordered = useMemo(() => {
    const by = columns.find(({ id }) => id === sort?.column)?.sort;
    return by && sort ? sorted(rows, by, sort.descending) : rows;
  }, [rows, columns, sort]);
  const totals = columns.some(({ total }) => total !== undefined);
  if (!rows.length && empty) return <>{empty}</>;
  return (
    <div className="table-box">
      <div className="table-scroll">
        <table className="table" aria-label={label}>
          <thead>
            <tr>
              {selection && <th className="table-check"><SelectAll keys={ordered.map(rowKey)} selection={selection} /></th>}
              {columns.map((column) => <Head key={column.id} column={column} sort={sort ?? null} {...(onSort ? { onSort } : {})} />)}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={(event) => walk(event, body.current)}>
            {ordered.map((row) => (
              <TableRow key={rowKey(row)} {...{ row, columns, rowKey }} {...(href ? { href } : {})} {...(selection ? { selection } : {})} />
            ))}
          </tbody>
          {totals && (
            <tfoot>
              <tr>
                {selection && <td />}
                {columns.map(({ id, total, align }) => <td key={id} className={align === "end" ? "end" : undefined}>{total}</td>)}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      {(requests || foot) && (
        <footer className="table-foot">
          <span className="muted small">{foot}</span>
          {requests && <ApiRequest requests={requests} />}
        </footer>
      )}
    </div>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | null; onSort?: (sort: Sort | null) => void }) {
  const active = sort?.column === column.id ? sort : null;
  const end = column.align === "end" ? "end" : undefined;
  if (!column.sort || !onSort) return <th scope="col" className={end}>{column.name}</th>;
  // Numbers are ordered from the largest first, words from the first letter; a third press restores the order of the answer.
  const first = { column: column.id, descending: column.align === "end" };
  const next = !active ? first : active.descending === first.descending ? { column: column.id, descending: !first.descending } : null;
  return (
    <th scope="col" className={end} aria-sort={active ? (active.descending ? "descending" : "ascending") : "none"}>
      <button type="button" className="table-sort" onClick={() => onSort(next)}>
        {column.name}
        <span className={`sort-mark${active ? (active.descending ? " sort-down" : " sort-up") : ""}`}><Icon name="down" size={12} /></span>
      </button>
    </th>
  );
}

type RowProps<Row> = { row: Row } & Pick<Props<Row>, "columns" | "rowKey" | "href" | "selection">;

function TableRow<Row>({ row, columns, rowKey, href, selection }: RowProps<Row>) {
  const key = rowKey(row);
  const [, navigate] = useLocation();
  const open = (event: React.MouseEvent) => {
    // A press on a button or a link of the row is theirs, and so is the end of a selection of text.
    if (!href || (event.target as Element).closest("a, button, input, label") || getSelection()?.toString()) return;
    navigate(href(row));
  };
  const chosen = selection?.chosen.has(key);
  return (
    <tr className={`${href ? "row-link" : ""}${chosen ? " row-chosen" : ""}`} onClick={open} data-key={key} tabIndex={-1}>
      {selection && (
        <td className="table-check">
          <Check label={`Select ${selection.nameOf(key)}`} hideLabel value={chosen ?? false} onChange={(on) => selection.onChange(toggled(selection.chosen, key, on))} />
        </td>
      )}
      {columns.map((column, index) => (
        <td key={column.id} className={`${column.align === "end" ? "end" : ""}${column.wideOnly ? " wide-only" : ""}`} data-name={column.name}>
          {index === 0 && href ? <Link href={href(row)} className="row-name">{column.cell(row)}</Link> : column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function SelectAll({ keys, selection }: { keys: readonly string[]; selection: Selection }) {
  const all = keys.length > 0 && keys.every((key) => selection.chosen.has(key));
  return <Check label="Select all rows" hideLabel value={all} onChange={(on) => selection.onChange(new Set(on ? keys : []))} />;
}

function toggled(chosen: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(chosen);
  if (on) next.add(key);
  else next.delete(key);
  return next;
}

/** Moves the focus between rows. */
function walk(event: KeyboardEvent, body: HTMLTableSectionElement | null): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !body || (event.target as Element).closest("input[type=text], textarea")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const rows = [...body.rows];
  const index = rows.findIndex((row) => row.contains(document.activeElement));
  if (step) {
    const next = rows[index + step];
    (next?.querySelector<HTMLElement>(".row-name") ?? next)?.focus();
    event.preventDefault();
  } else if (event.key === "x") rows[index]?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}
