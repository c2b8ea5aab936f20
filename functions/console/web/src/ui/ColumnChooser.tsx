import { useMemo, useState } from "react";
import { remember, remembered } from "../core/device";
import { Button } from "./Button";
import type { Column } from "./DataTable";
import { Popup } from "./Dialog";
import { Check } from "./fields";

/** The columns of a table that this browser shows, and how to change that. The first column always stays. */
export function useColumns<Row>(table: string, columns: readonly Column<Row>[]): [shown: Column<Row>[], toggle: (id: string, on: boolean) => void] {
  const name = `columns:${table}` as const;
  const [hidden, setHidden] = useState(() => remembered(name)?.split(",") ?? []);
  const toggle = (id: string, on: boolean) => {
    const next = on ? hidden.filter((other) => other !== id) : [...hidden, id];
    setHidden(next);
    remember(name, next.join(",") || null);
  };
  const shown = useMemo(() => columns.filter(({ id }, index) => index === 0 || !hidden.includes(id)), [columns, hidden]);
  return [shown, toggle];
}

/** A button with a list of boxes, one for each column but the first. */
export function ColumnChooser<Row>({ columns, shown, toggle }: { columns: readonly Column<Row>[]; shown: readonly Column<Row>[]; toggle: (id: string, on: boolean) => void }) {
  return (
    <Popup label="Columns" placement="bottom end" trigger={<Button icon="table" size="small">Columns</Button>}>
      {() => (
        <div className="stack-small">
          {columns.slice(1).map((column) => (
            <Check key={column.id} label={column.name} value={shown.some(({ id }) => id === column.id)} onChange={(on) => toggle(column.id, on)} />
          ))}
          <p className="muted small">Kept in this browser.</p>
        </div>
      )}
    </Popup>
  );
}
