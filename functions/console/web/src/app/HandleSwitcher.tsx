import { useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover, Button as AriaButton } from "react-aria-components";
import { useLocation } from "wouter";
import { useGet } from "../api/use";
import { Icon } from "../ui/Icon";
import { useHandle } from "./context";
import { usePage } from "./usePage";

/** The handle of the page, and those it can be changed to. */
export function HandleSwitcher() {
  const handle = useHandle();
  const [open, setOpen] = useState(false);
  const handles = useGet("/v2/handles", { query: { limit: 100 }, when: open });
  const [, navigate] = useLocation();
  const page = usePage();
  // A detail of one handle is not in another: its list is.
  const target = page && !page.path.includes(":") ? page.path : "overview";
  return (
    <MenuTrigger isOpen={open} onOpenChange={setOpen}>
      <AriaButton className="switcher">
        <span className="switcher-mark" aria-hidden="true">{handle.slice(0, 1).toUpperCase()}</span>
        <span className="hidden">Handle</span>
        <span className="switcher-name">{handle}</span>
        <Icon name="down" size={12} />
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu"
          aria-label="Handles"
          items={handles.data?.items ?? []}
          renderEmptyState={() => <p className="muted empty-small">{handles.problem?.message ?? "Reading …"}</p>}
          selectionMode="single"
          selectedKeys={[handle]}
          onAction={(key) => navigate(`/${key}/${target}`)}
        >
          {(item) => (
            <MenuItem id={item.handle} className="menu-item" textValue={item.handle}>
              <span>{item.handle}</span>
              <span className="muted small">{item.deletion ? "deleted" : item.role}</span>
            </MenuItem>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
