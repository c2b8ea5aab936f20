import { Link } from "wouter";
import { PAGES } from "../../../app/pages";
import { decidedByRule, ruleWords, type Click } from "../../../core/clicks";
import { countryName } from "../../../core/countries";
import { keyName } from "../../../core/dimensions";
import { relative, shortInstant } from "../../../core/time";
import { botReason } from "../../../core/why";
import type { Column } from "../../../ui/DataTable";
import { Pick } from "../../../ui/Pick";

type Options = {
  zone: string;
  now: number;
  address: (page: string) => string;
  toggle: (part: string, value: string) => void;
  /** Whether all clicks are of one link. */
  ofLink: boolean;
};

/** The columns of the click stream. */
export function clickColumns({ zone, now, address, toggle, ofLink }: Options): Column<Click>[] {
  return [
    { id: "time", name: "Time", cell: ({ clickedAt }) => <time dateTime={clickedAt} title={relative(clickedAt, now)}>{shortInstant(clickedAt, zone)}</time> },
    ...(ofLink ? [] : [{ id: "link", name: "Link", cell: ({ slug }: Click) => <Link href={address(`attribution/links/${slug}`)}>{slug}</Link> }]),
    { id: "country", name: "Country", cell: ({ country }) => (country === "UNKNOWN" ? <span className="muted">unknown</span> : countryName(country)) },
    { id: "device", name: "Device", cell: ({ device }) => keyName("device", device) },
    { id: "source", name: "Source and referrer", cell: ({ source, referrer }) => <span className="link-cell"><bdi className="cut">{source}</bdi><bdi className="cut muted small">{referrer}</bdi></span> },
    { id: "verdict", name: "Verdict", cell: (click) => <Verdict of={click} toggle={toggle} /> },
    { id: "rule", name: "Decided by", cell: (click) => <Rule of={click} address={address} /> },
    { id: "session", name: "Session", cell: ({ sessionId }) => sessionId && <Session id={sessionId} address={address} short />, wideOnly: true },
  ];
}

/** A session, with its page where there is one. */
export function Session({ id, address, short }: { id: string; address: Options["address"]; short?: boolean }) {
  const text = <code>{short ? `${id.slice(0, 8)}…` : id}</code>;
  const hasPage = PAGES.some(({ path }) => path.startsWith("lifecycle/sessions/"));
  return hasPage ? <Link href={address(`lifecycle/sessions/${encodeURIComponent(id)}`)}>{text}</Link> : text;
}

function Verdict({ of: { verdict, reasons }, toggle }: { of: Click; toggle: Options["toggle"] }) {
  const bot = verdict === "bot";
  const [first, ...others] = reasons;
  return (
    <span className="row" title={reasons.map(botReason).join(", and ")}>
      <Pick value={bot ? "bots" : "people"} onPick={() => toggle("verdict", verdict)}><span className={`tag ${bot ? "tag-warn" : "tag-good"}`}>{bot ? "Bot" : "Person"}</span></Pick>
      {first && <span className="muted small">{first}{others.length > 0 && ` +${others.length}`}</span>}
    </span>
  );
}

/** The rule that sent the visitor on, with the page where it can be read. */
export function Rule({ of: { rule, slug }, address }: { of: Pick<Click, "rule" | "slug">; address: Options["address"] }) {
  const by = decidedByRule(rule);
  const words = ruleWords(rule);
  if (by.kind === "destination") return <span className="muted">{words}</span>;
  return <Link href={address(by.kind === "link" ? `attribution/links/${slug}/routing` : `attribution/rules?rule=${encodeURIComponent(by.ruleId)}`)}>{words}</Link>;
}
