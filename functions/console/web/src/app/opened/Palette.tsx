import { useMemo, useState } from "react";
import { Autocomplete, Header, Input, Menu, MenuItem, MenuSection, SearchField, useFilter } from "react-aria-components";
import { useLocation } from "wouter";
import { useGet } from "../../api/use";
import { may } from "../../core/roles";
import { Dialog } from "../../ui/Dialog";
import { copy } from "../../ui/Copy";
import { useAddress, useRole } from "../context";
import { PAGES } from "../pages";

export type Shown = { isOpen: boolean; onOpenChange: (open: boolean) => void };

type Command = { id: string; name: string; note?: string; run: () => void };

/** Every page, the handles and the links of this handle, by a few letters. */
export default function Palette({ isOpen, onOpenChange }: Shown) {
  return (
    <Dialog title="Search and go" isOpen={isOpen} onOpenChange={onOpenChange}>
      {(close) => <Commands close={close} />}
    </Dialog>
  );
}

function Commands({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const { contains } = useFilter({ sensitivity: "base" });
  const groups = useCommands();
  const run = (id: string) => {
    close();
    groups.flatMap(({ commands }) => commands).find((command) => command.id === id)?.run();
  };
  return (
    <Autocomplete filter={contains} inputValue={text} onInputChange={setText}>
      <SearchField aria-label="Search pages, links and handles" autoFocus className="palette-search">
        <Input className="input" placeholder="Page, link or handle" />
      </SearchField>
      {/* The cursor stays in the field, so the list itself has to be reachable to be scrolled. */}
      <div className="palette-menu" tabIndex={0}>
      <Menu className="menu" aria-label="Results" onAction={(key) => run(String(key))} renderEmptyState={() => <p className="muted empty-small">Nothing matches.</p>}>
        {groups.map(({ name, commands }) => (
          <MenuSection key={name}>
            <Header className="menu-head">{name}</Header>
            {commands.map((command) => (
              <MenuItem key={command.id} id={command.id} className="menu-item" textValue={`${command.name} ${command.note ?? ""}`}>
                <span>{command.name}</span>
                {command.note && <span className="muted small cut">{command.note}</span>}
              </MenuItem>
            ))}
          </MenuSection>
        ))}
      </Menu>
      </div>
    </Autocomplete>
  );
}

function useCommands(): { name: string; commands: Command[] }[] {
  const role = useRole();
  const address = useAddress();
  const [, navigate] = useLocation();
  const links = useGet("/v2/handles/{handle}/links", { query: { limit: 100 } });
  const handles = useGet("/v2/handles", { query: { limit: 100 } });
  return useMemo(() => {
    const pages = PAGES.filter(({ listed, needs }) => listed && (!needs || may(role, needs)));
    const found = links.data?.items ?? [];
    return [
      { name: "Create", commands: [{ id: "new", name: "New link", run: () => navigate(address("attribution/links/new")) }] },
      { name: "Pages", commands: pages.map(({ path, title, section }) => ({ id: path, name: title, note: section ?? "", run: () => navigate(address(path)) })) },
      { name: "Links", commands: found.map((link) => ({ id: `l:${link.slug}`, name: link.slug, note: link.title ?? link.destinationUrl, run: () => navigate(address(`attribution/links/${link.slug}`)) })) },
      { name: "Copy a short address", commands: found.map((link) => ({ id: `c:${link.slug}`, name: `Copy ${link.shortUrl.replace(/^https?:\/\//, "")}`, run: () => void copy(link.shortUrl) })) },
      { name: "Handles", commands: (handles.data?.items ?? []).map(({ handle, role: theirs }) => ({ id: `h:${handle}`, name: handle, note: theirs, run: () => navigate(`/${handle}/overview`) })) },
    ].filter(({ commands }) => commands.length > 0);
  }, [role, address, navigate, links.data, handles.data]);
}
