import { useState } from "react";
import { Link } from "wouter";
import { useAddress, useQueryParts, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { useList } from "../../../api/list";
import { useGet } from "../../../api/use";
import { includes } from "../../../core/account";
import { plural } from "../../../core/numbers";
import { permitted, tokenName, type Token } from "../../../core/scopes";
import { instant, relative } from "../../../core/time";
import { Button } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Chips } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { AuditLink } from "../audit/AuditLink";
import { NewToken } from "./NewToken";
import { LockedTokens, Revoke } from "./Revoke";
import css from "./tokens.module.css";

/** The tokens of programs: what each may do, when it was used last, and the ways to make and to revoke one. */
export default function Tokens() {
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  if (usage.data && includes(usage.data.plan, "PRO")) return <List />;
  return (
    <Page title="Access tokens" note={NOTE}>
      <Loaded of={usage}>{({ plan }) => <LockedTokens plan={plan} />}</Loaded>
    </Page>
  );
}

const NOTE = "With a token a program acts for this handle, within the scopes that you give it.";

function List() {
  const zone = useZone();
  const now = useNow();
  const [query, setParts] = useQueryParts();
  const [revoking, setRevoking] = useState<Token | null>(null);
  const list = useList("/v2/handles/{handle}/tokens", { query: { limit: 100 } });
  const only = query.get("token");
  const rows = (list.data ?? []).filter(({ tokenId }) => !only || tokenId === only);
  const clear = () => setParts({ token: null });
  return (
    <Page title="Access tokens" note={NOTE} asOf={list.at} actions={<><AuditLink action="token.*" /><NewToken /></>}>
      <Card flush>
        {only && <Chips chips={[{ id: "token", text: `Token: ${only}`, remove: clear }]} clear={clear} />}
        <Loaded of={list} lines={6}>
          {() => (
            <DataTable
              label="Access tokens"
              columns={columns(zone, now, setRevoking)}
              rows={rows}
              rowKey={({ tokenId }) => tokenId}
              requests={[list.request]}
              foot={plural(rows.length, "token")}
              empty={
                only ? (
                  <Empty title="There is no such token now" action={<Button onPress={clear}>Show all tokens</Button>}>It was revoked; the audit shows by whom.</Empty>
                ) : (
                  <Empty title="No access tokens">Make one for a script, a shop or a partner's system. Each can be revoked by itself.</Empty>
                )
              }
            />
          )}
        </Loaded>
      </Card>
      {revoking && <Revoke key={revoking.tokenId} token={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

function columns(zone: string, now: number, revoke: (token: Token) => void): Column<Token>[] {
  const when = (at: string) => <time dateTime={at} title={instant(at, zone)}>{relative(at, now)}</time>;
  return [
    { id: "name", name: "Name", cell: (token) => <span className={css.name}><bdi className="cut" title={tokenName(token)}>{tokenName(token)}</bdi><code className="muted">{token.tokenId}</code></span> },
    { id: "scopes", name: "Scopes", cell: ({ scopes }) => <Scopes token={scopes} /> },
    { id: "used", name: "Last used", cell: ({ lastUsedAt }) => (lastUsedAt ? when(lastUsedAt) : <span className="muted">never</span>) },
    { id: "expires", name: "Expires", cell: ({ expiresAt }) => <Expires at={expiresAt ?? null} now={now} zone={zone} /> },
    { id: "created", name: "Created", cell: ({ createdAt, createdBy }) => <span className={css.name}>{when(createdAt)}<span className="muted small">by <Creator id={createdBy} /></span></span> },
    { id: "revoke", name: "Actions", align: "end", cell: (token) => <Button size="small" kind="danger" onPress={() => revoke(token)} aria-label={`Revoke ${tokenName(token)}`}>Revoke</Button> },
  ];
}

function Creator({ id }: { id: string }) {
  const address = useAddress();
  return <Link href={address(`settings/audit?actor=${encodeURIComponent(id)}`)}>{id}</Link>;
}

function Scopes({ token }: { token: Token["scopes"] }) {
  return (
    <ul className={css.scopes}>
      {permitted(token).map(({ name, may, whole }) => (
        <li key={name} className="tag" title={whole ? "The whole family: also what is added to it later" : undefined}>{name}: {may}{whole ? " and all to come" : ""}</li>
      ))}
    </ul>
  );
}

function Expires({ at, now, zone }: { at: string | null; now: number; zone: string }) {
  if (!at) return <span className="muted">never</span>;
  const over = Date.parse(at) <= now;
  return <time dateTime={at} title={instant(at, zone)}>{over ? <span className="tag tag-bad">expired {relative(at, now)}</span> : relative(at, now)}</time>;
}
