import { useState, type ReactNode } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { Request } from "../api/client";
import { curl } from "../api/curl";
import { problemOf, type Problem } from "../api/problem";
import { run, type Ran } from "../api/run";
import { Code } from "./ApiRequest";
import { Button } from "./Button";
import { Icon } from "./Icon";
import { Failed } from "./states";

type Props = {
  title: string;
  children?: ReactNode;
  /** The request the button sends; null while something before it is missing. */
  request: Request | null;
  action: string;
  /** The statuses that mean it worked: also those of a request that has to be refused. */
  expect: readonly number[];
  done: boolean;
  onDone: (answer: Ran) => void;
  /** What the answer shows, in one sentence. */
  says?: (answer: Ran) => ReactNode;
};

/** A step that sends one request and shows it with its answer. */
export function ApiStep({ title, children, request, action, expect, done, onDone, says }: Props) {
  const [answer, setAnswer] = useState<Ran | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const act = async () => {
    if (!request) return;
    setBusy(true);
    setProblem(null);
    try {
      const came = await run(request);
      setAnswer(came);
      // What the frame shows, such as the writes that are left, may have changed.
      if (request.verb !== "get") void client.invalidateQueries();
      if (expect.includes(came.status)) onDone(came);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    setBusy(false);
  };
  const worked = answer && expect.includes(answer.status);
  return (
    <Step title={title} done={done}>
      {children}
      <div className="row">
        <Button onPress={() => void act()} isDisabled={!request || busy} kind={done ? "plain" : "primary"} size="small">{action}</Button>
        {answer && <span role="status" className={`tag ${worked ? "tag-good" : "tag-bad"}`}>{answer.status}{worked ? "" : `, expected ${expect.join(" or ")}`}</span>}
        {worked && says && <span className="small">{says(answer)}</span>}
      </div>
      {problem && <Failed problem={problem} again={() => void act()} />}
      {request && (
        <details className="details">
          <summary>{answer ? "Request and answer" : "Request"}</summary>
          <div className="stack-small stretch">
            <Code text={curl(request)} label={`Request: ${title}`} />
            {answer && <Code text={answer.text} label={`Answer: ${title}`} />}
          </div>
        </details>
      )}
    </Step>
  );
}

/** One step of a checklist. */
export function Step({ title, done, children }: { title: string; done: boolean; children: ReactNode }) {
  return (
    <li className={`step${done ? " step-done" : ""}`}>
      <span className="step-mark" aria-hidden="true">{done && <Icon name="check" size={14} />}</span>
      <div className="step-body">
        <h2>{title}{done && <span className="hidden"> (done)</span>}</h2>
        {children}
      </div>
    </li>
  );
}
