import { readAhead } from "./api/ahead";
import { pageAt } from "./app/pages";
import { returning } from "./auth/login";
import { canRefresh, refresh } from "./auth/session";

// A small file of its own, so that a session that was open before is renewed while the code of the console arrives, and what the page shows
// is read. A failure is reported by the gate, which waits for the same attempt, and by the page.
if (canRefresh() && !returning()) {
  const page = pageAt(location.pathname.replace(/^\/console/, ""));
  refresh().then((renewed) => renewed && page && readAhead(page, location), () => null);
  // The code of the page comes beside that of the frame, not after it.
  page?.code().catch(() => null);
}
