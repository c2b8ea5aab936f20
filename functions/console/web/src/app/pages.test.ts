import { describe, expect, it } from "vitest";
import { pageAt } from "./pages";

describe("the page at an address", () => {
  it("is the first whose path matches, with or without a part that may be left out", () => {
    expect(pageAt("/acme/overview")?.path).toBe("overview");
    expect(pageAt("/acme/attribution/links/new")?.path).toBe("attribution/links/new");
    expect(pageAt("/acme/attribution/links/deal-alpha")?.path).toBe("attribution/links/:slug/:tab?");
    expect(pageAt("/acme/attribution/links/deal-alpha/traffic")?.path).toBe("attribution/links/:slug/:tab?");
    expect(pageAt("/acme/attribution/links/deal-alpha/edit")?.path).toBe("attribution/links/:slug/edit");
    expect(pageAt("/acme/lifecycle/sessions/user.42/")?.path).toBe("lifecycle/sessions/:sessionId");
  });
  it("is none elsewhere", () => {
    for (const path of ["/home", "/home/platform", "/acme", "/callback", "/acme/attribution/links/a/b/c"]) expect(pageAt(path)).toBeNull();
  });
});
