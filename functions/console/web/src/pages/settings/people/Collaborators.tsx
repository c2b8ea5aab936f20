import { useState } from "react";
import { useHandle, useRole } from "../../../app/context";
import { useGet } from "../../../api/use";
import { plural } from "../../../core/numbers";
import { persons, type People, type Person } from "../../../core/people";
import { may, ROLES } from "../../../core/roles";
import { Button } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card, Page } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { AuditLink } from "../audit/AuditLink";
import { ChangePerson, RemovePerson } from "./ChangePerson";
import { DeleteHandle } from "./DeleteHandle";
import { RoleTable } from "./RoleTable";
import css from "./people.module.css";
import { Transfer } from "./Transfer";

type Open = { what: "add" | "transfer" | "delete" } | { what: "change" | "remove"; person: Person };

/** Who works on the handle and what each role may do; its owner changes both. One request. */
export default function Collaborators() {
  const handle = useHandle();
  const people = useGet("/v2/handles/{handle}/collaborators");
  const role = useRole();
  const owns = may(role, "collaborators");
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const actions = (
    <>
      <AuditLink target={handle} />
      {may(role, "transfer") && <Button kind="danger" onPress={() => setOpen({ what: "delete" })} isDisabled={!people.data}>Delete the handle</Button>}
      {may(role, "transfer") && <Button onPress={() => setOpen({ what: "transfer" })} isDisabled={!people.data}>Transfer ownership</Button>}
      {owns && <Button kind="primary" icon="plus" onPress={() => setOpen({ what: "add" })} isDisabled={!people.data}>Add a person</Button>}
    </>
  );
  return (
    <Page title="Collaborators" note={owns ? "Who works on this handle with you." : "Who works on this handle. Its owner adds and removes people."} asOf={people.at} actions={actions}>
      <Card flush>
        <Loaded of={people} lines={5}>
          {(data) => (
            <DataTable
              label="People" columns={columns(owns, setOpen)} rows={persons(data)} rowKey={({ userId }) => userId}
              requests={[people.request]} foot={plural(data.collaborators.length + 1, "person", "people")}
            />
          )}
        </Loaded>
      </Card>
      <RoleTable />
      {open && people.data && <Opened open={open} people={people.data} close={close} />}
    </Page>
  );
}

function Opened({ open, people, close }: { open: Open; people: People; close: () => void }) {
  if (open.what === "delete") return <DeleteHandle onClose={close} />;
  if (open.what === "transfer") return <Transfer people={people} onClose={close} />;
  if (open.what === "remove") return <RemovePerson person={open.person} people={people} onClose={close} />;
  return <ChangePerson person={open.what === "change" ? open.person : null} people={people} onClose={close} />;
}

function columns(owns: boolean, open: (what: Open) => void): Column<Person>[] {
  const actions: Column<Person> = {
    id: "actions", name: "Actions", align: "end",
    cell: (person) =>
      person.role === "OWNER" ? null : (
        <span className={css.actions}>
          <Button size="small" onPress={() => open({ what: "change", person })} aria-label={`Change role of ${person.userId}`}>Change role</Button>
          <Button size="small" kind="danger" onPress={() => open({ what: "remove", person })} aria-label={`Remove ${person.userId}`}>Remove</Button>
        </span>
      ),
  };
  return [
    { id: "person", name: "Person", cell: ({ userId }) => <span className="row tags"><strong><bdi>{userId}</bdi></strong><CopyButton text={userId} label={`Copy ${userId}`} /></span> },
    { id: "role", name: "Role", cell: ({ role }) => <span className={`tag ${role === "OWNER" ? "tag-accent" : ""}`}>{role}</span> },
    { id: "may", name: "What it is for", cell: ({ role }) => <span className={`${css.what} muted`}>{ROLES.find(({ id }) => id === role)?.text}</span>, wideOnly: true },
    ...(owns ? [actions] : []),
  ];
}
