import { memo, useCallback, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
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

/** What a row shows below itself once it is opened by its first cell; one row at a time. */
export type Detail<Row> = { open: string | null; onToggle: (key: string) => void; of: (row: Row) => ReactNode };

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
  detail?: Detail<Row>;
  empty?: ReactNode;
  requests?: readonly Request[];
  /** Shown beside the number of rows. */
  foot?: ReactNode;
};

/** A function that stays the same and calls the latest one, so that what gets it is not drawn again. */
function useLatest<Arguments extends unknown[]>(latest: (...args: Arguments) => void): (...args: Arguments) => void {
  const ref = useRef(latest);
  useLayoutEffect(() => {
    ref.current = latest;
  });
  return useCallback((...args) => ref.current(...args), []);
}

/** A table: ordered by its heads, walked with j, k and Enter, cards on a small screen, with its API request. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, href, sort, onSort, selection, detail, empty, requests, foot } = props;
  const onCheck = useLatest((key: string, on: boolean) => selection?.onChange(toggled(selection.chosen, key, on)));
  const onToggle = useLatest((key: string) => detail?.onToggle(key));
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
            {ordered.map((row) => {
              const key = rowKey(row);
              return (
                <TableRow
                  key={key} id={key} row={row} columns={columns} to={href?.(row)} onCheck={onCheck} onToggle={onToggle}
                  name={selection?.nameOf(key)} chosen={selection?.chosen.has(key) ?? false}
                  detail={detail ? (detail.open === key ? detail.of(row) : null) : undefined}
                />
              );
            })}
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

type RowProps<Row> = {
  id: string;
  row: Row;
  columns: readonly Column<Row>[];
  to: string | undefined;
  /** Its name for the box that selects it; none if rows cannot be selected. */
  name: string | undefined;
  chosen: boolean;
  onCheck: (key: string, on: boolean) => void;
  /** What it shows below itself; null while it is closed, undefined if rows cannot be opened. */
  detail: ReactNode | undefined;
  onToggle: (key: string) => void;
};

/** Drawn again only if something of it changed: a list of hundreds of rows answers every key at once. */
const TableRow = memo(function TableRow<Row>({ id, row, columns, to, name, chosen, onCheck, detail, onToggle }: RowProps<Row>) {
  const [, navigate] = useLocation();
  const opens = detail !== undefined;
  const press = (event: MouseEvent) => {
    // A press on a button or a link of the row is theirs, and so is the end of a selection of text.
    if ((event.target as Element).closest("a, button, input, label") || getSelection()?.toString()) return;
    if (to) navigate(to);
    else if (opens) onToggle(id);
  };
  const first = (content: ReactNode): ReactNode => {
    if (to) return <Link href={to} className="row-name">{content}</Link>;
    if (!opens) return content;
    return (
      <button type="button" className="row-name row-toggle" aria-expanded={Boolean(detail)} onClick={() => onToggle(id)}>
        <Icon name={detail ? "down" : "right"} size={12} />{content}
      </button>
    );
  };
  return (
    <>
      <tr className={`${to || opens ? "row-link" : ""}${chosen ? " row-chosen" : ""}`} onClick={press} data-key={id} tabIndex={-1}>
        {name !== undefined && (
          <td className="table-check"><Check label={`Select ${name}`} hideLabel value={chosen} onChange={(on) => onCheck(id, on)} /></td>
        )}
        {columns.map((column, index) => (
          <td key={column.id} className={`${column.align === "end" ? "end" : ""}${column.wideOnly ? " wide-only" : ""}`} data-name={column.name}>
            {index === 0 ? first(column.cell(row)) : column.cell(row)}
          </td>
        ))}
      </tr>
      {detail && <tr className="row-detail"><td colSpan={columns.length + (name === undefined ? 0 : 1)}>{detail}</td></tr>}
    </>
  );
}) as <Row>(props: RowProps<Row>) => ReactNode;

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
  const rows = [...body.rows].filter((row) => row.dataset["key"] !== undefined);
  const index = rows.findIndex((row) => row.contains(document.activeElement) || row.nextElementSibling?.matches(".row-detail:focus-within"));
  if (step) {
    const next = rows[index + step];
    (next?.querySelector<HTMLElement>(".row-name") ?? next)?.focus();
    event.preventDefault();
  } else if (event.key === "x") rows[index]?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}
