import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { may } from "../core/roles";
import { Icon } from "../ui/Icon";
import { useAddress, useRole } from "./context";
import { PAGES, SECTIONS } from "./pages";
import { usePage } from "./usePage";

/** The navigation: at the left, on a small screen at the bottom. */
export function Rail() {
  const role = useRole();
  const address = useAddress();
  const current = usePage();
  const shown = PAGES.filter(({ listed, needs }) => listed && (!needs || may(role, needs)));
  // A detail belongs to the list whose path it continues.
  const within = (path: string): boolean => current?.path === path || Boolean(current && !current.listed && current.path.startsWith(`${path}/`));
  const rail = useRef<HTMLElement>(null);
  // In a block: browsers begin to answer a promise from scrolling, which is no clean-up.
  useEffect(() => {
    void rail.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    // What a role may not use is not there until the role is known.
  }, [current, role]);
  return (
    <nav ref={rail} className="rail" aria-label="Pages">
      {SECTIONS.map((section) => {
        const pages = shown.filter((page) => page.section === section);
        if (!pages.length) return null;
        return (
          <div key={section ?? ""} className="rail-section">
            {section && <h2>{section}</h2>}
            <ul>
              {pages.map(({ path, title, icon }) => (
                <li key={path}>
                  <Link href={address(path)} className="rail-link" aria-current={within(path) ? "page" : undefined}>
                    <Icon name={icon ?? "list"} />
                    <span>{title}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}
