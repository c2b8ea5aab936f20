import { Menu, MenuItem, Popover } from "react-aria-components";
import { useLocation } from "wouter";
import { useGet } from "../../api/use";
import type { Opened } from "../../ui/Dialog";
import { useHandle } from "../context";
import { usePage } from "../usePage";

export type HandlesProps = { of: Opened };

/** The menu of the user's handles. */
export default function Handles({ of: { isOpen, change, ref } }: HandlesProps) {
  const handle = useHandle();
  const handles = useGet("/v2/handles", { query: { limit: 100 }, when: isOpen });
  const [, navigate] = useLocation();
  const page = usePage();
  // A detail of one handle is not in another: its list is.
  const target = page && !page.path.includes(":") ? page.path : "overview";
  return (
    <Popover className="popover" placement="bottom start" triggerRef={ref} isOpen={isOpen} onOpenChange={change}>
      <Menu
        className="menu"
        aria-label="Handles"
        autoFocus="first"
        items={handles.data?.items ?? []}
        renderEmptyState={() => <p className="muted empty-small">{handles.problem?.message ?? "Reading …"}</p>}
        selectionMode="single"
        selectedKeys={[handle]}
        onAction={(key) => {
          change(false);
          navigate(`/${key}/${target}`);
        }}
        onClose={() => change(false)}
      >
        {(item) => (
          <MenuItem id={item.handle} className="menu-item" textValue={item.handle}>
            <span>{item.handle}</span>
            <span className="muted small">{item.deletion ? "deleted" : item.role}</span>
          </MenuItem>
        )}
      </Menu>
    </Popover>
  );
}
