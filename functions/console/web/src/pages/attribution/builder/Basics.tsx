import { useGet } from "../../../api/use";
import { useHandle } from "../../../app/context";
import { bare, randomSlug, SLUG } from "../../../core/links";
import { Button } from "../../../ui/Button";
import { Choice } from "../../../ui/Choice";
import { TextBox, Toggle } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import type { SectionProps } from "./Builder";
import { config } from "../../../auth/config";

const NONE = "";

/** Where it leads, its name, and what it belongs to. */
export function Basics({ form, set, fault, link }: SectionProps) {
  const handle = useHandle();
  const campaigns = useGet("/v2/handles/{handle}/campaigns", { query: { limit: 100 } });
  const options = [{ id: NONE, name: "No campaign" }, ...(campaigns.data?.items ?? []).map(({ campaignId, status }) => ({ id: campaignId, name: campaignId, note: status }))];
  const host = link ? bare(link.shortUrl).split("/")[0] : bare(config.publicOrigin?.replace("{handle}", handle) ?? handle);
  return (
    <Card title="Link">
      <div className="form">
        <TextBox label="Destination" type="url" placeholder="https://example.com/product" isRequired value={form.destinationUrl} onChange={(destinationUrl) => set({ destinationUrl })} {...fault("destinationUrl")} />
        <div className="row row-end short-address">
          <div className="grow">
            <TextBox
              label="Short address" before={`${host}/`} value={form.slug} onChange={(slug) => set({ slug })} isDisabled={link !== null}
              help={link ? "It cannot be changed: it may be printed." : "4 to 24 letters, digits, - or _."}
              {...fault("slug")}
              {...(form.slug && !SLUG.test(form.slug) ? { error: "4 to 24 letters, digits, - or _." } : {})}
            />
          </div>
          {!link && <Button icon="refresh" onPress={() => set({ slug: randomSlug() })}>Another</Button>}
        </div>
        <div className="form-row">
          <TextBox label="Title" value={form.title} onChange={(title) => set({ title })} help="Shown in lists only." {...fault("title")} />
          <Choice label="Campaign" options={options} value={form.campaignId} onChange={(campaignId) => set({ campaignId })} {...fault("campaignId")} />
        </div>
        <div className="form-row">
          <TextBox label="Tags" value={form.tags} onChange={(tags) => set({ tags })} help="With commas between them." {...fault("tags")} />
          <TextBox label="Categories" value={form.categories} onChange={(categories) => set({ categories })} {...fault("categories")} />
        </div>
        <TextBox label="Description" value={form.description} onChange={(description) => set({ description })} {...fault("description")} />
        <Toggle label="Enabled" help="A disabled link answers 404, or leads to its fallback." value={form.enabled} onChange={(enabled) => set({ enabled })} />
      </div>
    </Card>
  );
}
