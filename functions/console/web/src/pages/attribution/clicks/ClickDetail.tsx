import type { ReactNode } from "react";
import { Link } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress, useZone } from "../../../app/context";
import { daysAfter, type Click } from "../../../core/clicks";
import { countryName } from "../../../core/countries";
import { keyName } from "../../../core/dimensions";
import { instant } from "../../../core/time";
import { botReason } from "../../../core/why";
import { CopyButton } from "../../../ui/Copy";
import { Pick } from "../../../ui/Pick";
import { PrivacyLink } from "../../settings/privacy/PrivacyLink";
import { Rule, Session } from "./columns";

const CONSENT: Readonly<Record<Click["consent"], string>> = { full: "full", basic: "basic", denied: "denied: no address and no session is kept" };

/** Everything that is stored of a click, and where to look further. */
export function ClickDetail({ of: click, toggle }: { of: Click; toggle: (part: string, value: string) => void }) {
  const address = useAddress();
  const zone = useZone();
  const now = useNow();
  const { slug, campaignId, sessionId, reasons } = click;
  const { from, to } = daysAfter(click, now);
  const facts: [string, ReactNode][] = [
    ["When", <time key="w" dateTime={click.clickedAt}>{instant(click.clickedAt, zone)} ({zone})</time>],
    ["Link", <span key="l" className="row"><Link href={address(`attribution/links/${slug}`)}>{slug}</Link><span className="muted">version {click.linkVersion}</span><Pick value={slug} onPick={() => toggle("slug", slug)}>Only this link</Pick></span>],
    ["Campaign", campaignId && <span key="c" className="row"><Link href={address(`attribution/campaigns/${campaignId}`)}>{campaignId}</Link><Pick value={campaignId} onPick={() => toggle("campaign", campaignId)}>Only this campaign</Pick></span>],
    ["Decided by", <Rule key="r" of={click} address={address} />],
    ["Because", reasons.length > 0 && <ul key="b">{reasons.map((reason) => <li key={reason}>{botReason(reason)} <code className="muted">{reason}</code></li>)}</ul>],
    ["Country", countryName(click.country)],
    ["Device", keyName("device", click.device)],
    ["Source", <bdi key="s">{click.source}</bdi>],
    ["Campaign parameter", click.campaign && <bdi key="p">{click.campaign}</bdi>],
    ["Referrer", <bdi key="f">{click.referrer}</bdi>],
    ["Language", click.language && <bdi key="g">{click.language}</bdi>],
    ["User agent", click.userAgent && <code key="u"><bdi>{click.userAgent}</bdi></code>],
    ["Consent", CONSENT[click.consent]],
    ["Segments", click.segments.join(", ")],
    ["Session", sessionId && <Session key="i" id={sessionId} address={address} />],
    ["Classifier", `version ${click.classifier}`],
    ["Click", <span key="k" className="row"><code>{click.clickId}</code><CopyButton text={click.clickId} label="Copy the click's id" /><PrivacyLink by="clickId" id={click.clickId} /></span>],
    ["Conversions", <Link key="v" href={address(`attribution/conversions?slug=${slug}&from=${from}&to=${to}`)}>of this link since that day</Link>],
  ];
  return (
    <dl className="facts">
      {facts.filter(([, value]) => value).map(([name, value]) => <div key={name} className="fact"><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
