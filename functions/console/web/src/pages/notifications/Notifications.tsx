import { useAddress } from "../../app/context";
import { useNotes } from "../../app/useNotes";
import { ApiRequest } from "../../ui/ApiRequest";
import { Button, ButtonLink } from "../../ui/Button";
import { Notes } from "../../ui/Notes";
import { Card, Page } from "../../ui/Page";
import { Empty, Loaded } from "../../ui/states";
import type { Note } from "../../core/notes";

const GROUPS: readonly { kinds: readonly Note["kind"][]; name: string }[] = [
  { kinds: ["endpoint", "delivery"], name: "Webhooks" },
  { kinds: ["campaign", "health"], name: "Campaigns" },
  { kinds: ["quota"], name: "Plan" },
];

/** Everything that needs attention in the handle, by what it is about, each with the one action that helps. Three requests. */
export default function Notifications() {
  const address = useAddress();
  const { panel, found, unread, last, seen, requests } = useNotes(true, 15_000);
  const groups = GROUPS.map(({ kinds, name }) => ({ name, notes: found.filter(({ kind }) => kinds.includes(kind)) })).filter(({ notes }) => notes.length);
  return (
    <Page
      title="Notifications"
      note="What needs a person, in this handle."
      asOf={panel.at}
      actions={<>{unread > 0 && <Button icon="check" onPress={seen}>Mark all as seen</Button>}<ApiRequest requests={requests} /></>}
    >
      <Loaded of={panel} lines={6}>
        {() =>
          groups.length ? (
            <div className="grid-2">{groups.map(({ name, notes }) => <Card key={name} title={name}><Notes notes={notes} last={last} /></Card>)}</div>
          ) : (
            <Empty title="Nothing needs attention" action={<ButtonLink href={address("overview")}>Overview</ButtonLink>}>
              Failing and disabled endpoints, deliveries that were given up, campaigns with doubtful figures and the end of the day's writes would be here.
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
