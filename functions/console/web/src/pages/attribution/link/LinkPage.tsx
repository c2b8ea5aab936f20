import { Link as RouteLink, useLocation, useParams } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange, useGet } from "../../../api/use";
import { bare, statusOf, type Link } from "../../../core/links";
import { Button, ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Dialog } from "../../../ui/Dialog";
import { Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { toast } from "../../../ui/toasts";
import { StatusTag } from "../links/columns";
import { ApiTab } from "./ApiTab";
import { HistoryTab } from "./HistoryTab";
import { OverviewTab } from "./OverviewTab";
import { RoutingTab } from "./RoutingTab";
import { TrafficTab } from "./TrafficTab";

const TABS = [
  { id: "overview", name: "Overview", component: OverviewTab },
  { id: "routing", name: "Routing", component: RoutingTab },
  { id: "traffic", name: "Traffic", component: TrafficTab },
  { id: "history", name: "History", component: HistoryTab },
  { id: "api", name: "API", component: ApiTab },
] as const;

/** One link: what it brought, where it leads, who came, how it changed. */
export default function LinkPage() {
  const { slug, tab } = useParams<{ slug: string; tab?: string }>();
  const link = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug } });
  return <PageOf of={link} title={slug}>{(data) => <Shown link={data} etag={link.etag} tab={tab ?? "overview"} />}</PageOf>;
}

function Shown({ link, etag, tab }: { link: Link; etag: string | null; tab: string }) {
  const address = useAddress();
  const now = useNow();
  const path = `attribution/links/${link.slug}`;
  const { component: Tab } = TABS.find(({ id }) => id === tab) ?? TABS[0];
  const title = (
    <span className="row">
      {link.slug} <StatusTag status={statusOf(link, now)} />
    </span>
  );
  const note = (
    <span className="row">
      <a href={link.shortUrl} target="_blank" rel="noreferrer">{bare(link.shortUrl)}</a>
      <CopyButton text={link.shortUrl} label="Copy the short address" />
      <span className="cut link-target">→ {bare(link.destinationUrl)}</span>
    </span>
  );
  const actions = (
    <>
      <Remove link={link} etag={etag} />
      <ButtonLink icon="qr" href={address(`${path}/qr`)}>QR</ButtonLink>
      <ButtonLink kind="primary" icon="edit" href={address(`${path}/edit`)} data-edit>Edit</ButtonLink>
    </>
  );
  return (
    <Page title={title} name={link.slug} note={note} actions={actions}>
      <nav className="tab-list" aria-label="Parts of the link">
        {TABS.map(({ id, name, component }) => (
          <RouteLink key={id} href={address(id === "overview" ? path : `${path}/${id}`)} className="tab" aria-current={component === Tab ? "page" : undefined}>{name}</RouteLink>
        ))}
      </nav>
      <Tab link={link} etag={etag} />
    </Page>
  );
}

function Remove({ link, etag }: { link: Link; etag: string | null }) {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const remove = useChange(() =>
    call("delete", "/v2/handles/{handle}/links/{slug}", { path: { handle, slug: link.slug }, ...(etag ? { headers: { "if-match": etag } } : {}) }));
  return (
    <Dialog title={`Delete ${link.slug}?`} trigger={<Button kind="danger" icon="trash">Delete</Button>}>
      {(close) => (
        <div className="stack">
          <p>Its short address answers 404 at once. Its figures remain in reports. It costs one write.</p>
          <div className="dialog-foot">
            <Button onPress={close}>Keep it</Button>
            <Button
              kind="danger"
              onPress={() =>
                remove.mutate(undefined, {
                  onSuccess: () => {
                    toast(`${link.slug} is deleted.`);
                    navigate(address("attribution/links"));
                  },
                  onError: (problem) => toast(problem.message, "bad"),
                })
              }
            >
              Delete
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
