import { TextBox } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import type { SectionProps } from "./Builder";

const host = (address: string): string => URL.parse(address)?.host ?? "";

/** What social networks show of it. Pictures are not loaded here: nothing is requested from other sites. */
export function Social({ form, set, fault }: SectionProps) {
  return (
    <Card title="Social preview">
      <div className="grid-2">
        <div className="form">
          <TextBox label="Preview title" value={form.ogTitle} onChange={(ogTitle) => set({ ogTitle })} {...fault("ogTitle")} />
          <TextBox label="Preview text" value={form.ogDescription} onChange={(ogDescription) => set({ ogDescription })} {...fault("ogDescription")} />
          <TextBox label="Preview picture" type="url" placeholder="https://…" value={form.ogImage} onChange={(ogImage) => set({ ogImage })} {...fault("ogImage")} />
        </div>
        <div className="og-card" aria-hidden="true">
          <div className="og-picture">{form.ogImage ? host(form.ogImage) : "no picture"}</div>
          <div className="og-text">
            <span className="muted small">{host(form.destinationUrl) || "example.com"}</span>
            <strong className="cut">{form.ogTitle || form.title || "Title"}</strong>
            <span className="muted small">{form.ogDescription || form.description}</span>
          </div>
        </div>
      </div>
    </Card>
  );
}
