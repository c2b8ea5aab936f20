import { canRefresh, refresh } from "./auth/session";
import { LOADERS, pageAt } from "./app/loaders";
import { returning } from "./auth/login";

// A small file of its own, so that a session that was open before is renewed while the code of the console arrives. A failure is reported by
// the gate, which waits for the same attempt, and by the page.
if (canRefresh() && !returning()) {
  refresh().catch(() => null);
  // The code of the page comes beside that of the frame, not after it.
  const page = pageAt(location.pathname);
  if (page) LOADERS[page]().catch(() => null);
}
