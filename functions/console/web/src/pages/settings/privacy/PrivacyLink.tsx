import { useAddress, useRole } from "../../../app/context";
import { named, type Name } from "../../../core/privacy";
import { may } from "../../../core/roles";
import { ButtonLink } from "../../../ui/Button";

/** Leads to the export and the erasure of a person, for those who may do them. */
export function PrivacyLink({ by, id }: { by: Name; id: string }) {
  const role = useRole();
  const address = useAddress();
  if (!may(role, "privacy")) return null;
  return <ButtonLink kind="quiet" icon="lock" href={address(`settings/privacy?${new URLSearchParams(named({ by, id }))}`)}>Privacy</ButtonLink>;
}
