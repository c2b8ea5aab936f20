import { useState } from "react";
import { useHandle } from "../../../app/context";
import { askPublic } from "../../../api/chain";
import { problemOf, type Problem } from "../../../api/problem";
import { plural } from "../../../core/numbers";
import { compareAll, type Comparison, type Envelope } from "../../../core/tester";
import { Button } from "../../../ui/Button";
import { Failed } from "../../../ui/states";

type Props = { sessionId: string; triggers: readonly string[]; decisions: Readonly<Record<string, Envelope>> | undefined };

/** Asks the public endpoints, as a page does, and compares: resolve, prefetch and what is shown here have to be the same. */
export function PublicCheck({ sessionId, triggers, decisions }: Props) {
  const handle = useHandle();
  const [result, setResult] = useState<Comparison[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    setProblem(null);
    setResult(null);
    try {
      const { prefetch, resolve } = await askPublic(handle, sessionId, triggers);
      setResult(compareAll(triggers, [decisions ?? {}, prefetch, resolve]));
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    setBusy(false);
  };
  const different = result?.filter(({ same }) => !same) ?? [];
  return (
    <div className="stack-small">
      <div className="row">
        <Button size="small" onPress={() => void check()} isDisabled={busy || !decisions}>Check the public endpoints</Button>
        <span className="muted small">{plural(triggers.length + 1, "request")}: one prefetch, and a resolve for each trigger.</span>
      </div>
      <div role="status">
        {result && !different.length && <span className="tag tag-good">The same: resolve, prefetch and this page, for {plural(triggers.length, "trigger")}</span>}
        {different.length > 0 && <span className="tag tag-warn">Different at {different.map(({ trigger }) => trigger).join(", ")}: the session or the rules changed meanwhile. Press Now above and check again.</span>}
      </div>
      {problem && <Failed problem={problem} again={() => void check()} />}
    </div>
  );
}
