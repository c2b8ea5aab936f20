import { useState } from "react";
import type { Visitor } from "../../../core/preview";
import { DEVICES } from "../../../core/rules";
import { Button } from "../../../ui/Button";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { CountryField } from "./CountryField";
import { SavedVisitors } from "./SavedVisitors";

const ANY = "";
const OPTIONS = [{ id: ANY, name: "Unknown" }, ...DEVICES.slice(0, 4).map((id) => ({ id: id as string, name: id.slice(0, 1) + id.slice(1).toLowerCase() }))];

/** The visitor to decide for. */
export function VisitorFields({ visitor, onChange }: { visitor: Visitor; onChange: (visitor: Visitor) => void }) {
  const [all, setAll] = useState(false);
  const set = (parts: Partial<Visitor>) => onChange({ ...visitor, ...parts });
  // What a saved visitor is known by is shown.
  const more = all || [visitor.language, visitor.campaign, visitor.segments, visitor.sessionId, visitor.at].some(Boolean);
  return (
    <>
    <div className="visitor">
      <CountryField value={visitor.country} onChange={(country) => set({ country })} />
      <Choice label="Device" options={OPTIONS} value={visitor.device} onChange={(device) => set({ device })} />
      <TextBox label="Source" placeholder="direct" value={visitor.source} onChange={(source) => set({ source })} />
      {more && (
        <>
          <TextBox label="Language" placeholder="de-AT" value={visitor.language} onChange={(language) => set({ language })} />
          <TextBox label="Campaign" value={visitor.campaign} onChange={(campaign) => set({ campaign })} />
          <TextBox label="Segments" value={visitor.segments} onChange={(segments) => set({ segments })} />
          <TextBox label="Session" value={visitor.sessionId} onChange={(sessionId) => set({ sessionId })} />
          <TextBox label="Moment" type="datetime-local" value={visitor.at} onChange={(at) => set({ at })} />
        </>
      )}
    </div>
    <div className="row">
      {!more && <Button kind="quiet" size="small" onPress={() => setAll(true)}>More about the visitor</Button>}
      <SavedVisitors visitor={visitor} onChange={onChange} />
    </div>
    </>
  );
}
