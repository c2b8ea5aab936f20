import { SecretOnce } from "../../../ui/SecretOnce";

/** The secret of an endpoint, after it was created or rotated. */
export function Secret({ secret, title, onStored }: { secret: string; title: string; onStored: () => void }) {
  return (
    <SecretOnce title={title} secret={secret} variable="WEBHOOK_SECRET" onStored={onStored}>
      <p>With this secret your receiver verifies that a message comes from here. It is shown this one time and cannot be read again.</p>
      <p className="muted">If it is lost, rotate it: that makes a new one.</p>
    </SecretOnce>
  );
}
