import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call, type Request } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { useChange } from "../../../api/use";
import { samePeople, USER_ID, withPerson, type People, type Person } from "../../../core/people";
import { ROLES } from "../../../core/roles";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { Failed } from "../../../ui/states";
import { toast } from "../../../ui/toasts";
import { keepFocus } from "../../../ui/TypedConfirm";

const GIVEN = ["CREATOR", "OPERATOR"] as const;
type Given = (typeof GIVEN)[number];
const OPTIONS = GIVEN.map((id) => ({ id, name: id }));

/** The API takes the whole list: one that was changed since it was shown is not written over. */
function useNewList(people: People) {
  const handle = useHandle();
  return useChange(async (collaborators: People["collaborators"]) => {
    const { data: present } = await call("get", "/v2/handles/{handle}/collaborators", { path: { handle } });
    if (!samePeople(present, people)) {
      throw new Problem(409, { error: "conflict", message: "The list was changed meanwhile. It is shown as it is now: check it, then do this again." });
    }
    await call("put", "/v2/handles/{handle}/collaborators", { path: { handle }, body: { collaborators } });
  });
}

const requestOf = (handle: string, collaborators: People["collaborators"]): Request => ({ verb: "put", address: `/v2/handles/${handle}/collaborators`, body: { collaborators } });

/** Adds a person by the user id, or changes a role. */
export function ChangePerson({ person, people, onClose }: { person: Person | null; people: People; onClose: () => void }) {
  const handle = useHandle();
  const [typed, setTyped] = useState(person?.userId ?? "");
  const [role, setRole] = useState<Given>(person?.role === "OPERATOR" ? "OPERATOR" : "CREATOR");
  const save = useNewList(people);
  const userId = typed.trim();
  const present = person === null && (userId === people.ownerUserId || people.collaborators.some((other) => other.userId === userId));
  const fault = present ? "This person is on the list already." : userId && !USER_ID.test(userId) ? "At most 128 letters, digits and _ . : @ | + -" : undefined;
  const next = withPerson(people, userId, role);
  const ready = USER_ID.test(userId) && !fault && role !== person?.role;
  const submit = () => {
    if (!ready) return;
    save.mutate(next, {
      onSuccess: () => {
        toast(person ? `${userId} is ${role} now.` : `${userId} is added as ${role}.`);
        onClose();
      },
    });
  };
  return (
    <Dialog title={person ? `Role of ${person.userId}` : "Add a person"} isOpen onOpenChange={(open) => !open && onClose()}>
      {() => (
        <Form problem={save.error} shown={["collaborators"]} onSubmit={submit} faults={fault ? [{ field: "userId", message: fault }] : []}>
          {(of) => (
            <>
              {!person && <TextBox label="User id" value={typed} onChange={setTyped} help="As the identity provider names the user. The person finds it under Your account." autoFocus isRequired {...of("userId")} />}
              <Choice label="Role" options={OPTIONS} value={role} onChange={setRole} help={ROLES.find(({ id }) => id === role)?.text} />
              {save.error?.fields.map(({ field, message }) => <p key={field} className="field-error" role="alert">{message}</p>)}
              <div className="dialog-foot">
                <span className="muted small grow">Costs one write.</span>
                <ApiRequest requests={[requestOf(handle, next)]} />
                <Button onPress={onClose}>Cancel</Button>
                <Button type="submit" kind="primary" isDisabled={!ready || save.isPending}>{person ? "Change" : "Add"}</Button>
              </div>
            </>
          )}
        </Form>
      )}
    </Dialog>
  );
}

/** Takes a person off the list. */
export function RemovePerson({ person, people, onClose }: { person: Person; people: People; onClose: () => void }) {
  const save = useNewList(people);
  const act = () =>
    save.mutate(withPerson(people, person.userId, null), {
      onSuccess: () => {
        toast(`${person.userId} is removed.`);
        onClose();
        keepFocus();
      },
    });
  return (
    <Dialog title={`Remove ${person.userId}?`} isOpen onOpenChange={(open) => !open && onClose()}>
      {() => (
        <div className="stack">
          <p>The handle is gone from this person's console at once. What the person made stays, and so do the tokens: revoke those apart.</p>
          {save.error && <Failed problem={save.error} />}
          <div className="dialog-foot">
            <span className="muted small grow">Costs one write.</span>
            <Button onPress={onClose}>Cancel</Button>
            <Button kind="danger" onPress={act} isDisabled={save.isPending}>Remove</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
