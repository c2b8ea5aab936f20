import { useAddress, useRange } from "../../../app/context";
import { rangeName } from "../../../core/range";
import { ButtonLink } from "../../../ui/Button";
import { Page } from "../../../ui/Page";
import { ClickStream } from "./ClickStream";

/** The clicks of a handle, one by one. */
export default function Clicks() {
  const [range] = useRange();
  const address = useAddress();
  return (
    <Page title="Clicks" note={`${rangeName(range)}, UTC days; newest first`} actions={<ButtonLink icon="download" href={address("attribution/exports?type=clicks")}>Export</ButtonLink>}>
      <ClickStream />
    </Page>
  );
}
