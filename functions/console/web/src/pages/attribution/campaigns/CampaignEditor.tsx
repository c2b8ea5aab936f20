import { useMemo, useState } from "react";
import { useLocation, useParams } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange, useGet } from "../../../api/use";
import { CAMPAIGN_FIELDS, CAMPAIGN_ID, campaignBody, campaignChange, campaignForm, GOALS, goalOf, STATUSES, type Campaign, type CampaignForm, type LinkChoice } from "../../../core/campaigns";
import { randomSlug, SLUG } from "../../../core/links";
import { Button, ButtonLink } from "../../../ui/Button";
import { Choice, type Option } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Form, useDraft, type FormFaults } from "../../../ui/form";
import { Card, Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { toast } from "../../../ui/toasts";

/** Creates a campaign, or edits the one in the address. */
export default function CampaignEditor() {
  const { campaignId } = useParams<{ campaignId?: string }>();
  return campaignId ? <Edit key={campaignId} campaignId={campaignId} /> : <Editor campaign={null} />;
}

function Edit({ campaignId }: { campaignId: string }) {
  const campaign = useGet("/v2/handles/{handle}/campaigns/{campaignId}", { path: { campaignId } });
  return <PageOf of={campaign} title={`Edit ${campaignId}`}>{(data) => <FirstRead campaign={data} />}</PageOf>;
}

/** Keeps editing what was read first; only what was changed since is sent. */
function FirstRead(props: { campaign: Campaign }) {
  const [campaign] = useState(props.campaign);
  return <Editor campaign={campaign} />;
}

function Editor({ campaign }: { campaign: Campaign | null }) {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const [slug] = useState(randomSlug);
  const initial = useMemo(() => campaignForm(campaign, slug), [campaign, slug]);
  const draft = useDraft<CampaignForm>(`${handle}/campaigns/${campaign ? `${campaign.campaignId}@${campaign.version}` : "new"}`, initial);
  const form = draft.value;
  const set = (parts: Partial<CampaignForm>) => draft.set({ ...form, ...parts });
  const change = campaign ? campaignChange(form, initial) : null;
  const save = useChange(async () => {
    if (!campaign) return (await call("post", "/v2/handles/{handle}/campaigns", { path: { handle }, body: campaignBody(form, false) })).data;
    const path = { handle, campaignId: campaign.campaignId };
    return (await call("put", "/v2/handles/{handle}/campaigns/{campaignId}", { path, body: change ?? {} })).data;
  });
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (saved) => {
        draft.discard();
        toast(campaign ? "Saved." : `${saved.name ?? saved.campaignId} is created.`);
        navigate(address(`attribution/campaigns/${saved.campaignId}`));
      },
    });
  const unchanged = change !== null && Object.keys(change).length === 0;
  const actions = (
    <>
      <ButtonLink href={address(campaign ? `attribution/campaigns/${campaign.campaignId}` : "attribution/campaigns")}>Cancel</ButtonLink>
      <Button kind="primary" onPress={submit} isDisabled={save.isPending || unchanged || (!campaign && !CAMPAIGN_ID.test(form.campaignId))}>{campaign ? "Save" : "Create campaign"}</Button>
    </>
  );
  return (
    <Page title={campaign ? `Edit ${campaign.name ?? campaign.campaignId}` : "New campaign"} note={campaign ? "Saving costs one write." : "Creating costs one write, the link included."} actions={actions}>
      {draft.restored && (
        <p className="alert"><span>What you typed before is restored.</span><Button size="small" onPress={draft.discard}>Start over</Button></p>
      )}
      <Form problem={save.error} shown={CAMPAIGN_FIELDS} onSubmit={submit}>
        {(fault) => (
          <div className="grid-2">
            <div className="stack">
              <Identity {...{ form, set, fault, campaign }} />
              <PrimaryLink {...{ form, set, fault, campaign }} />
            </div>
            <Tracking {...{ form, set, fault, campaign }} />
            <button type="submit" className="hidden" tabIndex={-1} aria-hidden="true">Save</button>
          </div>
        )}
      </Form>
    </Page>
  );
}

type Section = { form: CampaignForm; set: (parts: Partial<CampaignForm>) => void; fault: FormFaults; campaign: Campaign | null };

function Identity({ form, set, fault, campaign }: Section) {
  const bad = !campaign && form.campaignId !== "" && !CAMPAIGN_ID.test(form.campaignId);
  const statuses = STATUSES.filter(({ id }) => campaign || id !== "PAUSED").map(({ id, name, text }) => ({ id, name, note: text }));
  return (
    <Card title="Campaign" note="One for each partner: its figures are what you pay on.">
      <div className="form">
        <TextBox label="Name" placeholder="Alpine Weekly" value={form.name} onChange={(name) => set({ name })} {...fault("name")} />
        <TextBox
          label="Id" placeholder="partner-alpine" value={form.campaignId} onChange={(campaignId) => set({ campaignId })} isDisabled={campaign !== null} isRequired
          help={campaign ? "It cannot be changed: reports and exports name it." : "3 to 64 small letters, digits, - or _. It cannot be changed later."}
          {...fault("campaignId")} {...(bad ? { error: "3 to 64 small letters, digits, - or _; the first is a letter or a digit." } : {})}
        />
        {!campaign && <Choice label="Status" options={statuses} value={form.status} onChange={(status) => set({ status })} help={STATUSES.find(({ id }) => id === form.status)?.text} {...fault("status")} />}
      </div>
    </Card>
  );
}

const LINKS: readonly Option<LinkChoice>[] = [{ id: "new", name: "Create a link" }, { id: "existing", name: "A link that exists" }, { id: "none", name: "None for now" }];

function PrimaryLink({ form, set, fault }: Section) {
  const links = useGet("/v2/handles/{handle}/links", { query: { limit: 100 }, when: form.link === "existing" });
  const options = (links.data?.items ?? []).map(({ slug, title, campaignId }) => ({ id: slug as string, name: slug as string, note: campaignId ? `in ${campaignId}` : (title ?? "") }));
  const known = form.primarySlug && !options.some(({ id }) => id === form.primarySlug) ? [{ id: form.primarySlug, name: form.primarySlug, note: "" }] : [];
  return (
    <Card title="Primary link" note="The address that the partner uses. More links can belong to the campaign.">
      <div className="form">
        <Choice label="Link" options={LINKS} value={form.link} onChange={(link) => set({ link })} {...fault("primaryLink")} />
        {form.link === "existing" && <Choice label="Which" options={[...known, ...options]} value={form.primarySlug || null} onChange={(primarySlug) => set({ primarySlug })} {...fault("primarySlug")} />}
        {form.link === "new" && (
          <>
            <TextBox label="Destination" type="url" placeholder="https://shop.example.com/product" value={form.newDestination} onChange={(newDestination) => set({ newDestination })} {...fault("primaryLink.destinationUrl")} />
            <div className="form-row">
              <TextBox label="Short address" value={form.newSlug} onChange={(newSlug) => set({ newSlug })} help="4 to 24 letters, digits, - or _." {...fault("primaryLink.slug")} {...(form.newSlug && !SLUG.test(form.newSlug) ? { error: "4 to 24 letters, digits, - or _." } : {})} />
              <TextBox label="Title" value={form.newTitle} onChange={(newTitle) => set({ newTitle })} {...fault("primaryLink.title")} />
            </div>
          </>
        )}
      </div>
    </Card>
  );
}

function Tracking({ form, set, fault }: Section) {
  const goal = goalOf(form.goalType);
  return (
    <Card title="Goal and tracking" note="The goal presets how conversions are named and reported.">
      <div className="form">
        <Choice label="Goal" options={GOALS.map(({ id, name, event }) => ({ id, name, note: event }))} value={form.goalType} onChange={(goalType) => set({ goalType })} {...fault("goalType")} />
        <TextBox label="Event type" placeholder={goal?.event ?? ""} value={form.conversionEventType} onChange={(conversionEventType) => set({ conversionEventType })} help="Empty: the goal's." {...fault("conversionEventType")} />
        <TextBox label="Tracking preset" placeholder={goal?.preset ?? ""} value={form.trackingPreset} onChange={(trackingPreset) => set({ trackingPreset })} help="Empty: the goal's." {...fault("trackingPreset")} />
        <TextBox label="Currency" placeholder="EUR" value={form.currency} onChange={(currency) => set({ currency })} help="Of its reports. Other currencies are shown beside it, never added." {...fault("currency")} />
      </div>
    </Card>
  );
}
