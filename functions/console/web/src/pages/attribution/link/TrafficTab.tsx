import type { Link } from "../../../core/links";
import { Traffic } from "../traffic/Traffic";

/** Where the visitors of a link come from. */
export function TrafficTab({ link }: { link: Link }) {
  return <Traffic slug={link.slug} />;
}
