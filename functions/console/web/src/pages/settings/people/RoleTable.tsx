import { ACTION_LIST, may, ROLES } from "../../../core/roles";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Icon } from "../../../ui/Icon";
import { Card } from "../../../ui/Page";
import { useRole } from "../../../app/context";
import css from "./people.module.css";

type Row = (typeof ACTION_LIST)[number];

/** What each role may do: the table by which the console offers its pages and buttons. */
export function RoleTable() {
  const own = useRole();
  const columns: Column<Row>[] = [
    { id: "what", name: "What", cell: ({ text }) => <span className={css.what}>{text}</span> },
    ...ROLES.map(({ id }): Column<Row> => ({
      id, name: id === own ? `${id} (you)` : id,
      cell: (row) => (may(id, row.id) ? <span className="tag tag-good"><Icon name="check" size={12} />yes</span> : <span className="muted">no</span>),
    })),
  ];
  return (
    <Card title="What each role may do" note="A role is given for one handle, and may do all that the ones before it may." flush>
      <DataTable label="Roles" columns={columns} rows={ACTION_LIST} rowKey={({ id }) => id} />
    </Card>
  );
}
