import { useAddress, useRole } from "../../../app/context";
import { may } from "../../../core/roles";
import { ButtonLink } from "../../../ui/Button";

/** Leads to what was done to an object, or to all of a kind, for those who may read it. */
export function AuditLink({ target, action }: { target?: string; action?: string }) {
  const role = useRole();
  const address = useAddress();
  if (!may(role, "audit")) return null;
  const query = new URLSearchParams({ ...(target ? { target } : {}), ...(action ? { action } : {}) });
  return <ButtonLink kind="quiet" icon="list" href={address(`settings/audit?${query}`)}>Audit</ButtonLink>;
}
