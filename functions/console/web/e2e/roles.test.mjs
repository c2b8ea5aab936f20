// What each role sees: pages and buttons that it may not use are not offered, and an address that is typed says why.
import assert from "node:assert/strict";
import { test } from "node:test";
import { callAs, environment, open, tab, textOf } from "./harness.mjs";

const HANDLE = "demo";
const USERS = { OWNER: "demo-owner", OPERATOR: "demo-operator", CREATOR: "demo-creator" };

let server, browser, page;
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));

const rail = (of = page) => of.$$eval(".rail a", (links) => links.map((link) => ({ title: link.innerText.trim(), path: new URL(link.href).pathname.replace(/^\/console\/\w+\//, "") })));
const buttons = (of = page) => of.$$eval(".page button, .page a", (all) => all.map((one) => one.getAttribute("aria-label") ?? one.innerText.trim()));

test("a creator is not offered tokens, audit and webhooks, and their addresses lead to a page that says who may", async () => {
  await open(page, server, `${HANDLE}/overview`, USERS.OPERATOR);
  const forOperators = await rail();
  const other = await tab(browser, server);
  await open(other, server, `${HANDLE}/overview`, USERS.CREATOR);
  const forCreators = (await rail(other)).map(({ path }) => path);
  const hidden = forOperators.filter(({ path }) => !forCreators.includes(path));
  const titles = hidden.map(({ title }) => title);
  for (const title of ["Access tokens", "Audit", "Webhooks", "Deliveries"]) assert.ok(titles.includes(title), titles.join());
  assert.ok(!forCreators.some((path) => /webhooks|deliveries/.test(path)), forCreators.join());
  for (const { path, title } of hidden) {
    other.calls.length = 0;
    await open(other, server, `${HANDLE}/${path}`, USERS.CREATOR);
    const text = await textOf(other, ".page");
    assert.match(text, /Your role does not reach this page/, path);
    assert.match(text, /You are CREATOR of this handle\. An OPERATOR or its OWNER can open it\./);
    assert.equal(await other.$eval(".page h1", (head) => head.innerText), title);
    const area = path.split("/")[1].replace("audit", "audit-events");
    assert.ok(!other.calls.some((call) => call.includes(`/${HANDLE}/${area}`)), `nothing is asked for: ${other.calls.join("\n")}`);
  }
  assert.ok(!(await buttons(other)).includes("Audit"));
  assert.deepEqual(other.faults, []);
  await other.browserContext().close();
});

for (const [role, may] of [["OWNER", true], ["OPERATOR", false], ["CREATOR", false]]) {
  test(`collaborators are ${may ? "changed" : "only read"} by ${role}`, async () => {
    await open(page, server, `${HANDLE}/settings/collaborators`, USERS[role]);
    const rows = await page.$$eval("table[aria-label=People] tbody tr", (all) => all.map((row) => row.dataset.key));
    assert.deepEqual(rows, ["demo-owner", "demo-creator", "demo-operator"]);
    const offered = await buttons();
    for (const button of ["Add a person", "Transfer ownership", "Change role of demo-creator", "Remove demo-operator"]) assert.equal(offered.includes(button), may, button);
  });
}

test("the table of roles says what the API lets each do", async () => {
  await open(page, server, `${HANDLE}/settings/collaborators`);
  const said = await page.$$eval("table[aria-label=Roles] tbody tr", (rows) =>
    rows.map((row) => [row.dataset.key, Object.fromEntries([...row.cells].slice(1).map((cell) => [cell.dataset.name.split(" ")[0], cell.innerText.trim() === "yes"]))]));
  // Reads, and writes whose body is refused once the role suffices: nothing is changed.
  const requests = {
    read: ["GET", "links"],
    links: ["PUT", "links/none", {}],
    rules: ["PUT", "chain/rules/none", {}],
    people: ["GET", "collaborators"],
    adjust: ["POST", `conversions/cnv_${"0".repeat(26)}/adjustments`, {}],
    webhooks: ["POST", "webhooks", {}],
    deliveries: ["GET", "deliveries"],
    tokens: ["POST", "tokens", {}],
    audit: ["GET", "audit-events"],
    collaborators: ["PUT", "collaborators", {}],
    transfer: ["POST", "transfer-ownership", {}],
    privacy: ["POST", "privacy/erase", {}],
  };
  assert.deepEqual(said.map(([action]) => action), Object.keys(requests));
  for (const [action, roles] of said) {
    const [verb, resource, body] = requests[action];
    for (const [role, user] of Object.entries(USERS)) {
      const { status, body: answer } = await callAs(server, user, verb, `/v2/handles/${HANDLE}/${resource}`, body);
      assert.equal(status !== 403, roles[role], `${action} as ${role}: ${status} ${JSON.stringify(answer)}`);
    }
  }
});
