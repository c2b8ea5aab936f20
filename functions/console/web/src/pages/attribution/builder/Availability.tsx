import { useZone } from "../../../app/context";
import type { Password } from "../../../core/linkForm";
import { Button } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import type { SectionProps } from "./Builder";

type Props = SectionProps & { password: Password; setPassword: (password: Password) => void };

/** When it is open, for how many, and where others go instead. */
export function Availability({ form, set, fault, link, password, setPassword }: Props) {
  const zone = useZone();
  const has = link?.hasPassword && password === undefined;
  return (
    <Card title="Availability" note={`Times are in ${zone}.`}>
      <div className="form">
        <div className="form-row">
          <TextBox label="Starts" type="datetime-local" value={form.scheduledStartAt} onChange={(scheduledStartAt) => set({ scheduledStartAt })} {...fault("scheduledStartAt")} />
          <TextBox label="Ends" type="datetime-local" value={form.scheduledEndAt} onChange={(scheduledEndAt) => set({ scheduledEndAt })} {...fault("scheduledEndAt")} />
          <TextBox label="Expires" type="datetime-local" value={form.expiresAt} onChange={(expiresAt) => set({ expiresAt })} {...fault("expiresAt")} />
          <TextBox label="Most clicks" value={form.maxClicks} onChange={(maxClicks) => set({ maxClicks })} help="Of people; then it answers 410." {...fault("maxClicks")} />
        </div>
        <TextBox label="Fallback" type="url" placeholder="https://…" value={form.fallbackUrl} onChange={(fallbackUrl) => set({ fallbackUrl })} help="Where visitors go while it is not open." {...fault("fallbackUrl")} />
        {has ? (
          <div className="row">
            <span>Visitors need a password.</span>
            <Button size="small" onPress={() => setPassword("")}>Change it</Button>
            <Button size="small" onPress={() => setPassword(null)}>Remove it</Button>
          </div>
        ) : password === null ? (
          <div className="row">
            <span>The password is removed with the next save.</span>
            <Button size="small" onPress={() => setPassword(undefined)}>Keep it</Button>
          </div>
        ) : (
          <TextBox label="Password" type="password" value={password ?? ""} onChange={(text) => setPassword(text || undefined)} help="Asked of visitors. It cannot be read back." {...fault("password")} />
        )}
      </div>
    </Card>
  );
}
