import { useState } from "react";
import { Button as AriaButton, Radio, RadioGroup, Label } from "react-aria-components";
import { logoutAddress } from "../auth/login";
import { signOut } from "../auth/session";
import { remember, remembered } from "../core/device";
import { Button } from "../ui/Button";
import { Popup } from "../ui/Dialog";
import { Toggle } from "../ui/fields";
import { Icon } from "../ui/Icon";
import { useRole } from "./context";
import { applyTheme, theme, THEMES, type Theme } from "./theme";

function leave(): void {
  const address = logoutAddress();
  signOut();
  if (address) location.assign(address);
}

/** Role and plan, the colour scheme, single keys, help, and sign-out. */
export function UserMenu({ onHelp, plan }: { onHelp: () => void; plan: string | undefined }) {
  const role = useRole();
  const [scheme, setScheme] = useState<Theme>(theme);
  const [keys, setKeys] = useState(remembered("keys") !== "off");
  const trigger = (
    <AriaButton className="button button-quiet button-icon" aria-label="Account and settings of this browser"><Icon name="people" /></AriaButton>
  );
  return (
    <Popup label="Account" trigger={trigger} placement="bottom end">
      {(close) => (
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
            <Button kind="quiet" icon="help" onPress={() => { close(); onHelp(); }}>Keyboard shortcuts</Button>
            <Button kind="quiet" icon="out" onPress={leave}>Sign out</Button>
          </div>
        </div>
      )}
    </Popup>
  );
}
