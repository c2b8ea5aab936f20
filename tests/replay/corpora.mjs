// Writes the user agents of the packages that .ci/replay installs as lists of one nature each, which `bench bots` measures.
//
// `device-detector` of PyPI carries Matomo's fixtures: agents with what they are. Browsers and apps that show pages are people; what an
// app's own network code sends (CFNetwork, Dalvik, okhttp) follows no links and is in neither list.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { MODULES, FIXTURES } = process.env;
const require = createRequire(`${MODULES}/`);

/** The entries of a fixture: agent, whether it is a bot, and the type of its client. Only the lines that are needed are read. */
function entries(file) {
  return readFileSync(file, "utf8")
    .split(/^-\s*$/m)
    .map((entry) => ({
      agent: /^\s+user_agent: *(.+)$/m.exec(entry)?.[1].trim().replace(/^(["'])(.*)\1$/, "$2"),
      bot: /^\s+bot:/m.test(entry),
      type: /^\s+client:\s*\n\s+type: *(.+)$/m.exec(entry)?.[1].trim(),
    }))
    .filter(({ agent }) => agent);
}

const showsPages = (agent) => /AppleWebKit|Gecko|Presto|Trident|MSIE/i.test(agent) && !/CFNetwork|Dalvik|okhttp/i.test(agent);
const fixtures = readdirSync(FIXTURES, { recursive: true }).filter((name) => name.endsWith(".yml"));
const all = fixtures.flatMap((name) => entries(path.join(FIXTURES, name)));
const unique = (list) => [...new Set(list.map(({ agent }) => agent))];
const people = all.filter(({ bot, agent }) => !bot && showsPages(agent));
const crawlers = require("crawler-user-agents").flatMap((crawler) => crawler.instances);

const corpora = [
  { name: "bots, crawler-user-agents", agents: crawlers },
  { name: "bots, Matomo's fixtures", agents: unique(all.filter(({ bot }) => bot)) },
  { name: "people in browsers, Matomo's fixtures", agents: unique(people.filter(({ type }) => type === "browser")) },
  { name: "people in apps, Matomo's fixtures", agents: unique(people.filter(({ type }) => type === "mobile app")) },
  { name: "people in Android web views, Matomo's fixtures", agents: unique(people.filter(({ agent }) => agent.includes("; wv)"))) },
];
writeFileSync(`${MODULES}/corpora.json`, JSON.stringify(corpora));
