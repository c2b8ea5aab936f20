import type { ReactNode } from "react";
import { useZone } from "../app/context";
import { retryText } from "../core/quota";
import type { Reading } from "../api/use";
import type { Problem } from "../api/problem";
import { Button } from "./Button";
import { CopyButton } from "./Copy";
import { Skeleton } from "./Skeleton";

/** Nothing to show: what it would be, and one action. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p className="muted">{children}</p>}
      {action}
    </div>
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  insufficient_role: "Ask an OPERATOR or the OWNER of this handle.",
  feature_locked: "A higher plan opens it.",
  not_found: "It is not there, or it belongs to others.",
};

/** What went wrong, its request id to copy, and a retry where that may help. */
export function Failed({ problem, again }: { problem: Problem; again?: () => void }) {
  const zone = useZone();
  return (
    <div className="alert alert-bad" role="alert">
      <div className="stack-small">
        <strong>{problem.message}</strong>
        {ADVICE[problem.code] && <span>{ADVICE[problem.code]}</span>}
        {problem.requiredPlan && <span>It needs the plan {problem.requiredPlan}.</span>}
        {problem.retryAt !== null && <span>{retryText(problem.retryAt, problem.retryAfter ?? 0, zone)}</span>}
        {problem.requestId && (
          <span className="row muted small">
            Request <code>{problem.requestId}</code> <CopyButton text={problem.requestId} label="Copy the request id" />
          </span>
        )}
      </div>
      {again && <Button size="small" icon="refresh" onPress={again}>Retry</Button>}
    </div>
  );
}

/** The parts of a page that wait for a read: a skeleton, then the data; on failure the error in its place. */
export function Loaded<T>({ of, children, lines = 4 }: { of: Reading<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (of.problem && of.data === undefined) return <Failed problem={of.problem} again={of.again} />;
  if (of.data === undefined) return <Skeleton lines={lines} />;
  return (
    <>
      {of.problem && <Failed problem={of.problem} again={of.again} />}
      <div aria-busy={of.outdated || undefined}>{children(of.data)}</div>
    </>
  );
}
