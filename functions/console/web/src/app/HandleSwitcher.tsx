import { Button as AriaButton } from "react-aria-components";
import { Boundary } from "../ui/Boundary";
import { Trigger, useOpened } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import { useHandle } from "./context";
import type { HandlesProps } from "./opened/Handles";

const Handles = later<HandlesProps>(async () => (await import("./opened/Handles")).default, null);

/** The handle of the page, and those it can be changed to. */
export function HandleSwitcher() {
  const handle = useHandle();
  const opened = useOpened();
  return (
    <>
      <Trigger of={opened}>
        <AriaButton className="switcher" aria-haspopup="menu" onKeyDown={({ key }) => key === "ArrowDown" && opened.change(true)}>
          <span className="switcher-mark" aria-hidden="true">{handle.slice(0, 1).toUpperCase()}</span>
          <span className="hidden">Handle</span>
          <span className="switcher-name">{handle}</span>
          <Icon name="down" size={12} />
        </AriaButton>
      </Trigger>
      {opened.ever && <Boundary><Handles of={opened} /></Boundary>}
    </>
  );
}
