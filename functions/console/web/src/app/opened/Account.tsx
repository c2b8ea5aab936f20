import { useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { logoutAddress } from "../../auth/login";
import { signOut } from "../../auth/session";
import { remember, remembered } from "../../core/device";
import { Button } from "../../ui/Button";
import { Toggle } from "../../ui/fields";
import { useRole } from "../context";
import { applyTheme, theme, THEMES, type Theme } from "../theme";

export type AccountProps = { plan: string | undefined; onHelp: () => void };

function leave(): void {
  const address = logoutAddress();
  signOut();
  if (address) location.assign(address);
}

/** Role and plan, the colour scheme, single keys, help, and sign-out. */
export default function Account({ plan, onHelp }: AccountProps) {
  const role = useRole();
  const [scheme, setScheme] = useState<Theme>(theme);
  const [keys, setKeys] = useState(remembered("keys") !== "off");
  return (
    <div className="stack user-menu">
      <dl className="facts">
        <dt>Role here</dt><dd>{role ?? "–"}</dd>
        <dt>Plan</dt><dd>{plan ?? "–"}</dd>
      </dl>
      <RadioGroup
        className="field"
        orientation="horizontal"
        value={scheme}
        onChange={(value) => {
          const next = THEMES.find((name) => name === value) ?? "auto";
          setScheme(next);
          applyTheme(next);
        }}
      >
        <Label className="field-label">Colours</Label>
        <div className="segments">
          {THEMES.map((name) => <Radio key={name} value={name} className="segment">{name}</Radio>)}
        </div>
      </RadioGroup>
      <Toggle
        label="Single-key shortcuts"
        value={keys}
        onChange={(on) => {
          setKeys(on);
          remember("keys", on ? null : "off");
        }}
      />
      <div className="stack-small">
        <Button kind="quiet" icon="help" onPress={onHelp}>Keyboard shortcuts</Button>
        <Button kind="quiet" icon="out" onPress={leave}>Sign out</Button>
      </div>
    </div>
  );
}
