/** Grey lines where text will be; they appear after a moment, so that a fast answer does not flicker. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => <span key={line} className="skeleton-line" />)}
    </div>
  );
}

export function SkeletonPage() {
  return (
    <div className="page">
      <Skeleton lines={8} />
    </div>
  );
}
