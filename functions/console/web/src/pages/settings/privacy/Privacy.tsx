import { useState } from "react";
import { useHandle, useQueryParts } from "../../../app/context";
import { eraseRequest, personRequest, readPerson } from "../../../api/person";
import { contents, NAME_TEXTS, NAMES, named, personFile, personOf, type Person } from "../../../core/privacy";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { ExportRun } from "../../../ui/ExportRun";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Card, Page } from "../../../ui/Page";
import { AuditLink } from "../audit/AuditLink";
import { ErasePerson } from "./ErasePerson";
import { Erasures } from "./Erasures";
import { Receipt, type ErasureReceipt } from "./Receipt";

/** Answers what a person asks for: a copy of their data, or that it is erased. One request. */
export default function Privacy() {
  const [query] = useQueryParts();
  const [typed, setTyped] = useState(() => personOf(query));
  const [erasing, setErasing] = useState(false);
  const [receipt, setReceipt] = useState<ErasureReceipt | null>(null);
  const person = { ...typed, id: typed.id.trim() };
  const { name, help } = NAME_TEXTS[typed.by];
  return (
    <Page title="Privacy" note="A person asks for a copy of their data, or that it is erased: name them by one of their sessions, orders or clicks." actions={<AuditLink action="privacy.*" />}>
      <div className="stack">
        <Card title="The person" note="An order and a click also name the session they were made in, and with it all of its records.">
          <div className="form-row">
            <Choice label="Named by" options={NAMES.map((id) => ({ id, name: NAME_TEXTS[id].name }))} value={typed.by} onChange={(by) => setTyped({ ...typed, by })} />
            <TextBox label={name} value={typed.id} onChange={(id) => setTyped({ ...typed, id })} help={help} />
          </div>
        </Card>
        <div className="grid-2">
          <Copy person={person} />
          <Card title="Erase" note="What is personal in every record up to now. It cannot be undone.">
            <div className="stack">
              <p>Links, days, countries, amounts and keys stay, and with them every figure. Look at the copy first: it has what would be erased.</p>
              <div className="form-foot">
                <Button kind="danger" icon="trash" onPress={() => setErasing(true)} isDisabled={!person.id}>Erase …</Button>
                <span className="grow" />
                {person.id && <Requests person={person} />}
              </div>
              {receipt && <Receipt of={receipt} />}
            </div>
          </Card>
        </div>
        <Erasures />
      </div>
      {erasing && <ErasePerson person={person} onDone={setReceipt} onClose={() => setErasing(false)} />}
    </Page>
  );
}

function Requests({ person }: { person: Person }) {
  const handle = useHandle();
  return <ApiRequest requests={[eraseRequest(handle, person)]} />;
}

function Copy({ person }: { person: Person }) {
  const handle = useHandle();
  return (
    <Card title="Export a copy" note="Signals of the sessions, clicks, and conversions with their adjustments, as one JSON file.">
      <ExportRun
        key={JSON.stringify(named(person))} file={personFile(handle, person)} unit="record" contents={contents} isDisabled={!person.id}
        requests={person.id ? [personRequest(handle, person)] : []} read={(progress, signal) => readPerson(handle, person, progress, signal)}
      />
    </Card>
  );
}
