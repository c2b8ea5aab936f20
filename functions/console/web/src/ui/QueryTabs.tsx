import { Link, useLocation, useSearchParams } from "wouter";
import { changed } from "../core/query";

export type TabEntry<Id extends string> = { id: Id; name: string };

/** The tab that the address names; the first one without. */
export function useTab<Id extends string>(tabs: readonly TabEntry<Id>[]): Id {
  const [query] = useSearchParams();
  const found = tabs.find(({ id }) => id === query.get("tab")) ?? tabs[0];
  if (!found) throw new Error("a page with tabs has at least one");
  return found.id;
}

/** The views of a page; each has its own address. */
export function QueryTabs<Id extends string>({ label, tabs, current }: { label: string; tabs: readonly TabEntry<Id>[]; current: Id }) {
  const [location] = useLocation();
  const [query] = useSearchParams();
  return (
    <nav className="tab-list" aria-label={label}>
      {tabs.map(({ id, name }, index) => {
        const search = changed(query, { tab: index === 0 ? null : id }).toString();
        return <Link key={id} href={search ? `${location}?${search}` : location} className="tab" {...(id === current ? { "aria-current": "page" as const } : {})}>{name}</Link>;
      })}
    </nav>
  );
}
