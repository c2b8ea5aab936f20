import { Button as AriaButton } from "react-aria-components";
import { Popup } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import type { AccountProps } from "./opened/Account";

const Account = later<AccountProps>(async () => (await import("./opened/Account")).default, null);

/** The user's role and plan, the settings of this browser, and sign-out. */
export function UserMenu({ onHelp, plan }: { onHelp: () => void; plan: string | undefined }) {
  const trigger = (
    <AriaButton className="button button-quiet button-icon" aria-label="Account and settings of this browser"><Icon name="people" /></AriaButton>
  );
  return (
    <Popup label="Account" trigger={trigger} placement="bottom end">
      {(close) => <Account plan={plan} onHelp={() => { close(); onHelp(); }} />}
    </Popup>
  );
}
