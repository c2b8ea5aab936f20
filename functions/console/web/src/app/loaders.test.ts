import { describe, expect, it } from "vitest";
import { pageAt } from "./loaders";

describe("the page at an address", () => {
  it("is the first whose path matches, with or without a part that may be left out", () => {
    expect(pageAt("/console/acme/overview")).toBe("overview");
    expect(pageAt("/console/acme/attribution/links/new")).toBe("attribution/links/new");
    expect(pageAt("/console/acme/attribution/links/deal-alpha")).toBe("attribution/links/:slug/:tab?");
    expect(pageAt("/console/acme/attribution/links/deal-alpha/traffic")).toBe("attribution/links/:slug/:tab?");
    expect(pageAt("/console/acme/attribution/links/deal-alpha/edit")).toBe("attribution/links/:slug/edit");
    expect(pageAt("/console/acme/lifecycle/sessions/user.42/")).toBe("lifecycle/sessions/:sessionId");
  });
  it("is none elsewhere", () => {
    for (const path of ["/console/home", "/console/home/platform", "/console/acme", "/console/callback", "/console/acme/attribution/links/a/b/c"]) expect(pageAt(path)).toBeNull();
  });
});
