import { useState } from "react";
import { useAddress, useHandle } from "../../../app/context";
import { MAX_LINES, parseLines, type BulkRow } from "../../../core/bulk";
import { randomSlug } from "../../../core/links";
import { plural } from "../../../core/numbers";
import { Button, ButtonLink } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { useDraft } from "../../../ui/form";
import { Card, Page } from "../../../ui/Page";
import { Cost } from "./Cost";
import { Rows } from "./Rows";

const EXAMPLE = "https://example.com/autumn\nsummer-sale https://example.com/summer";

/** Many links at once: pasted lines become rows, which are checked, sent together, and corrected where they were refused. */
export default function SeveralLinks() {
  const handle = useHandle();
  const address = useAddress();
  const draft = useDraft(`${handle}/several-links`, { text: "" });
  const [rows, setRows] = useState<readonly BulkRow[] | null>(null);
  const lines = parseLines(draft.value.text, () => "").length;
  const over = lines > MAX_LINES;
  return (
    <Page title="Several links" note="Each link costs one write." actions={<ButtonLink href={address("attribution/links")}>{rows?.some(({ outcome }) => outcome?.kind === "created") ? "To the links" : "Cancel"}</ButtonLink>}>
      {rows ? (
        <Rows rows={rows} onChange={setRows} onBack={() => setRows(null)} onDone={draft.discard} />
      ) : (
        <Card title="Paste lines" note="One link a line: its destination, or a slug and its destination. Lines without a slug get a random one.">
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              if (lines && !over) setRows(parseLines(draft.value.text, randomSlug));
            }}
          >
            <TextBox
              label="Lines" multiline placeholder={EXAMPLE} value={draft.value.text} onChange={(text) => draft.set({ text })}
              {...(over ? { error: `At most ${MAX_LINES} lines at once; these are ${lines}.` } : {})}
            />
            <div className="form-foot">
              <Button type="submit" kind="primary" isDisabled={!lines || over}>{lines ? `Check ${plural(lines, "link")}` : "Check"}</Button>
              <Cost of={lines} />
            </div>
          </form>
        </Card>
      )}
    </Page>
  );
}
