import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAddress, useZone } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { toClick } from "../../../core/clicks";
import type { Conversion } from "../../../core/conversions";
import { countryName } from "../../../core/countries";
import { keyName } from "../../../core/dimensions";
import { money } from "../../../core/money";
import { count, plural } from "../../../core/numbers";
import { instant } from "../../../core/time";
import { attempt, botReason, fieldNames } from "../../../core/why";
import { CopyButton } from "../../../ui/Copy";
import { Icon, type IconName } from "../../../ui/Icon";
import { Card } from "../../../ui/Page";
import css from "./path.module.css";

type Explanation = Schema["Explanation"];

/** How it came about, step by step: click, rule, ctx, submissions, verdict, ledger, net. */
export function Path({ explanation, item }: { explanation: Explanation; item: Conversion | undefined }) {
  const { netValue, currency } = explanation;
  return (
    <Card title="How it came about">
      <ol className={css.path}>
        <Click of={explanation.click} />
        <Rule of={explanation.rule} slug={explanation.click.slug} />
        <Ctx of={explanation.ctx} accepted={item?.acceptedAt ?? explanation.attempts[0]?.at ?? null} />
        <Attempts explanation={explanation} />
        <Verdict of={explanation.verdict} />
        <Ledger entries={explanation.entries} />
        <StepItem icon="coin" title="Net" kind="good">
          <p>{netValue == null ? "No value." : <>It is worth <strong>{money(netValue, currency)}</strong> after {plural(Math.max(0, explanation.entries.length - 1), "adjustment")}.</>}</p>
        </StepItem>
      </ol>
    </Card>
  );
}

type Kind = "good" | "warn" | "plain";

function StepItem({ icon, title, kind = "plain", children }: { icon: IconName; title: ReactNode; kind?: Kind; children: ReactNode }) {
  return (
    <li className={css.step}>
      <span className={`${css.mark} ${css[kind]}`}><Icon name={icon} /></span>
      <div className={css.body}>
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  );
}

/** Facts with their names; those without a value are left out. */
function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }) {
  return <dl className="facts">{of.filter(([, value]) => value).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}-value`}>{value}</dd>])}</dl>;
}

const At = ({ at }: { at: string }) => {
  const zone = useZone();
  return <time dateTime={at}>{instant(at, zone)}</time>;
};

function Click({ of }: { of: Schema["ExplainedClick"] }) {
  const address = useAddress();
  const bot = of.verdict === "bot";
  return (
    <StepItem icon="link" kind={bot ? "warn" : "good"} title={<>Click: {bot ? "a bot" : "a person"} followed <Link href={address(`attribution/links/${of.slug}`)}>{of.slug}</Link></>}>
      {bot && <p>Taken for a bot because {of.reasons.map(botReason).join(", and ") || "of its traffic"}. Such clicks are never qualified.</p>}
      {!of.found && <p className="muted">The record of the click is not there; what is known comes from the signed ctx.</p>}
      <Facts
        of={[
          ["When", <At key="at" at={of.clickedAt} />],
          ["Country", of.country && countryName(of.country)],
          ["Device", of.device && keyName("device", of.device)],
          ["Source", of.source && <bdi>{of.source}</bdi>],
          ["Referrer", of.referrer && <bdi>{of.referrer}</bdi>],
          ["Click", <span key="id" className="row"><code>{of.clickId}</code><CopyButton text={of.clickId} label="Copy the click's id" />{of.found && <Link href={address(`attribution/clicks?${toClick(of)}`)}>Open the click</Link>}</span>],
        ]}
      />
    </StepItem>
  );
}

function Rule({ of, slug }: { of: Schema["ExplainedRule"]; slug: string }) {
  const address = useAddress();
  if (of.kind === "DEFAULT") return <StepItem icon="split" title="Rule: none matched"><p>The visitor went to the link's own destination.</p></StepItem>;
  if (of.kind === "ROUTING_RULE")
    return <StepItem icon="split" title={`Rule: number ${(of.index ?? 0) + 1} of the link`}><p>It sent the visitor on. <Link href={address(`attribution/links/${slug}`)}>Open the link</Link></p></StepItem>;
  return (
    <StepItem icon="split" title={<>Rule: {of.ruleId} of the handle</>}>
      <p>A personalization rule sent the visitor on. <Link href={address(`attribution/rules?rule=${of.ruleId ?? ""}`)}>Open the rule</Link></p>
    </StepItem>
  );
}

function Ctx({ of, accepted }: { of: Schema["ExplainedCtx"]; accepted: string | null }) {
  const address = useAddress();
  const minutes = accepted ? Math.max(0, Math.round((Date.parse(accepted) - Date.parse(of.issuedAt)) / 60_000)) : null;
  return (
    <StepItem icon="key" kind="good" title="ctx: signed and in time">
      <p>
        The shop sent back the token that the click carried{minutes === null ? "" : minutes < 1 ? ", within a minute" : minutes < 120 ? `, ${plural(minutes, "minute")} later` : minutes < 2880 ? `, ${plural(Math.round(minutes / 60), "hour")} later` : `, ${plural(Math.round(minutes / 1440), "day")} later`}.
      </p>
      <Facts of={[["Valid until", of.expiresAt && <At key="until" at={of.expiresAt} />], ["Session", of.sessionId && <Link key="session" href={address(`lifecycle/sessions/${of.sessionId}`)}>{of.sessionId}</Link>]]} />
    </StepItem>
  );
}

function Attempts({ explanation }: { explanation: Explanation }) {
  const { attempts, triesInAll } = explanation;
  const differs = attempts.some(({ outcome }) => outcome === "deduped_with_mismatch");
  return (
    <StepItem icon="send" kind={differs ? "warn" : "good"} title={triesInAll === 1 ? "Sent once" : `Sent ${count(triesInAll)} times, counted once`}>
      <ol className={css.attempts}>
        {attempts.map(({ at, outcome, mismatch, requestId }, index) => {
          const { name, text, kind } = attempt(outcome);
          return (
            <li key={`${requestId}${index}`}>
              <span className="row"><span className={`tag ${kind === "plain" ? "" : `tag-${kind}`}`}>{name}</span><span className="muted small"><At at={at} /></span></span>
              <span>{text}{mismatch?.length ? ` Different: ${fieldNames(mismatch)}.` : ""}</span>
              <code className="muted small">{requestId}</code>
            </li>
          );
        })}
      </ol>
      {triesInAll > attempts.length && <p className="muted">{count(triesInAll - attempts.length)} more are only counted.</p>}
    </StepItem>
  );
}

function Verdict({ of }: { of: Schema["ExplainedVerdict"] }) {
  const trust = of.trust === "confirmed" ? "Confirmed: reported with the handle's own token." : "Claimed: reported by the page, not yet confirmed with the handle's own token.";
  const counts = of.test ? "A test is in no report." : of.counted ? "Reports include it." : "Reports include it within a minute.";
  return (
    <StepItem icon="check" kind={of.notCredited ? "warn" : "good"} title={`Verdict: ${of.test ? "a test" : of.counted ? "counted" : "waiting to be counted"}`}>
      <p>{trust} {counts}</p>
    </StepItem>
  );
}

function Ledger({ entries }: { entries: readonly Schema["LedgerEntry"][] }) {
  return (
    <StepItem icon="list" title={`Ledger: ${plural(entries.length, "entry", "entries")}`}>
      <ol className={css.attempts}>
        {entries.map(({ entryId, kind, amount, currency, at, reason, actor }) => (
          <li key={entryId}>
            <span className="row"><strong>{kind === "CONVERSION" ? "Value" : "Adjustment"} {money(amount, currency)}</strong><span className="muted small"><At at={at} /></span></span>
            {reason && <bdi>{reason}</bdi>}
            {actor && <span className="muted small">by {actor.id}</span>}
          </li>
        ))}
      </ol>
    </StepItem>
  );
}
