// Sends a day's worth of plausible visits to a running local server and compares its reports with what was sent.
//
// Browsers' user agents are drawn by the weights of `user-agents`, crawlers' from `crawler-user-agents`; both packages are outside
// the repository, in the folder that MODULES names. People and crawlers follow different links, so that each report shows how
// many of either were classified as the other. Started by .ci/replay, which runs `recount` over the same data afterwards.

import http from "node:http";
import { createRequire } from "node:module";

const { API_BASE, PUBLIC_DOMAIN, HANDLE, JWT_TOKEN, MODULES, VISITS = "100000", SEED = "1" } = process.env;
const require = createRequire(`${MODULES}/`);
const agents = require("user-agents");
const UserAgent = agents.default ?? agents;
const crawlers = require("crawler-user-agents").flatMap((crawler) => crawler.instances);

const visits = Number(VISITS);
const crawlerShare = 0.15;
const conversions = 500;
const concurrency = 32;
const timeoutMs = 15 * 60_000;

// The same visits in every run: user-agents draws from Math.random, so this is where it comes from.
let state = Number(SEED) >>> 0;
Math.random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

// Referring pages with the host and the source they must be reported under, and how often they come.
const referrers = [
  [null, "direct", "direct", 30],
  ["https://t.co/AbCdEf", "t.co", "twitter", 8],
  ["https://l.instagram.com/", "l.instagram.com", "instagram", 14],
  ["https://l.facebook.com/", "l.facebook.com", "facebook", 10],
  ["https://m.facebook.com/", "m.facebook.com", "facebook", 4],
  ["https://www.google.com/", "www.google.com", "google", 12],
  ["https://www.google.de/", "www.google.de", "google", 2],
  ["https://mail.google.com/", "mail.google.com", "email", 4],
  ["https://www.reddit.com/", "www.reddit.com", "reddit", 4],
  ["https://out.reddit.com/", "out.reddit.com", "reddit", 1],
  ["https://www.youtube.com/", "www.youtube.com", "youtube", 5],
  ["https://www.linkedin.com/", "www.linkedin.com", "linkedin", 2],
  ["https://www.bing.com/", "www.bing.com", "bing", 1],
  ["https://blog.example/post", "blog.example", "referral", 3],
];
// Countries with the language their browsers ask for, roughly by their shares of the web's users.
const countries = [
  ["US", "en-US,en;q=0.9", 22], ["IN", "en-IN,en;q=0.9,hi;q=0.8", 15], ["BR", "pt-BR,pt;q=0.9", 8], ["DE", "de-DE,de;q=0.9,en;q=0.7", 8],
  ["GB", "en-GB,en;q=0.9", 7], ["FR", "fr-FR,fr;q=0.9", 6], ["ID", "id-ID,id;q=0.9", 6], ["JP", "ja-JP,ja;q=0.9", 6],
  ["MX", "es-MX,es;q=0.9", 5], ["IT", "it-IT,it;q=0.9", 4], ["ES", "es-ES,es;q=0.9", 4], ["CA", "en-CA,en;q=0.9,fr;q=0.5", 4],
  ["NL", "nl-NL,nl;q=0.9", 3], ["AT", "de-AT,de;q=0.9", 2],
];
const humanLinks = ["spring-sale", "bio-link", "newsletter", "podcast", "launch-day", "deal-alpha"];
const crawlerLinks = ["crawled-1", "crawled-2"];

function weighted(table) {
  const sum = table.reduce((total, row) => total + row.at(-1), 0);
  let place = Math.random() * sum;
  return table.find((row) => (place -= row.at(-1)) < 0) ?? table[0];
}
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const byte = (from = 0) => from + Math.floor(Math.random() * (256 - from));

const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
const port = new URL(API_BASE).port;

function send(method, host, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host: "127.0.0.1", port, method, path, headers: { host, ...headers } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}

async function owner(method, path, body) {
  const headers = { authorization: `Bearer ${JWT_TOKEN}`, "content-type": "application/json" };
  return send(method, new URL(API_BASE).host, `/v2/handles/${HANDLE}${path}`, headers, body);
}

function must(condition, what) {
  if (!condition) throw new Error(what);
}

const count = (map, key, by = 1) => map.set(key, (map.get(key) ?? 0) + by);
const sent = { slug: new Map(), country: new Map(), referrer: new Map(), source: new Map(), campaign: new Map() };
const campaignOf = new Map();

async function prepare() {
  for (const slug of [...humanLinks, ...crawlerLinks]) {
    const made = await owner("PUT", `/links/${slug}`, { destinationUrl: `https://shop.example.com/${slug}` });
    must([200, 201].includes(made.status), `link ${slug}: ${made.status} ${made.text}`);
  }
  // Two of the people's links belong to campaigns.
  for (const slug of ["podcast", "deal-alpha"]) {
    const campaign = { campaignId: `partner-${slug}`, name: slug, goalType: "AFFILIATE_CLICKOUT", status: "ACTIVE", primarySlug: slug };
    const made = await owner("POST", "/campaigns", campaign);
    must(made.status === 201, `campaign for ${slug}: ${made.status} ${made.text}`);
    campaignOf.set(slug, campaign.campaignId);
  }
}

function visit(number) {
  const isCrawler = Math.random() < crawlerShare;
  const [country, language] = weighted(countries);
  const [referrer, host, source] = isCrawler ? referrers[0] : weighted(referrers);
  const slug = pick(isCrawler ? crawlerLinks : humanLinks);
  const headers = {
    "user-agent": isCrawler ? pick(crawlers) : new UserAgent().toString(),
    "cloudfront-viewer-country": country,
    "cloudfront-viewer-address": `${byte(1)}.${byte()}.${byte()}.${byte()}:${1024 + (number % 60000)}`,
  };
  if (!isCrawler) headers["accept-language"] = language;
  if (referrer) headers.referer = referrer;
  return { slug, headers, isCrawler, expected: { slug, country, referrer: host, source, campaign: campaignOf.get(slug) ?? "none" } };
}

/** Sends the visits, `concurrency` at a time, and keeps the first tokens of people for later. */
async function sendVisits() {
  const tokens = [];
  let next = 0;
  const started = Date.now();
  const worker = async () => {
    while (next < visits) {
      const number = next++;
      const { slug, headers, isCrawler, expected } = visit(number);
      const answer = await send("GET", `${HANDLE}.${PUBLIC_DOMAIN}`, `/${slug}`, headers);
      must(answer.status === 302, `visit ${number}: ${answer.status} ${answer.text}`);
      for (const [dimension, key] of Object.entries(expected)) count(sent[dimension], key);
      if (!isCrawler && tokens.length < conversions) tokens.push(new URL(answer.headers.location).searchParams.get("ctx"));
      if (number % 10_000 === 9_999) console.log(`${number + 1} visits, ${Math.round((number + 1) / ((Date.now() - started) / 1000))}/s`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return tokens;
}

async function convert(tokens) {
  for (const [number, ctx] of tokens.entries()) {
    const body = { ctx, idempotencyKey: `order-${number}`, eventType: "purchase", value: 24.99, currency: "USD" };
    const answer = await send("POST", new URL(API_BASE).host, "/v2/public/conversions", { "content-type": "application/json" }, body);
    must(answer.status === 202, `conversion ${number}: ${answer.status} ${answer.text}`);
  }
}

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

async function report(groupBy) {
  const answer = await owner("GET", `/analytics?groupBy=${groupBy}&from=${day(-1)}&to=${day(1)}`);
  must(answer.status === 200, `report by ${groupBy}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text);
}

async function counted() {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { totals } = await report("day");
    if (totals.clicks >= visits && totals.conversions >= conversions) return;
    must(Date.now() < deadline, `only ${totals.clicks} of ${visits} visits are counted`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function check() {
  for (const by of ["day", "slug", "country", "device", "referrer", "source", "campaign", "segment"]) {
    const { rows, totals } = await report(by);
    const sum = (member) => rows.reduce((total, row) => total + row[member], 0);
    for (const member of ["clicks", "botClicks", "qualifiedClicks", "conversions"]) {
      must(sum(member) === totals[member], `${by}: rows make ${sum(member)} ${member}, the total says ${totals[member]}`);
    }
    must(totals.clicks === visits, `${by}: ${totals.clicks} clicks of ${visits} visits`);
    must(totals.conversions === conversions, `${by}: ${totals.conversions} conversions of ${conversions}`);
    must(Math.round(totals.revenueByCurrency.USD * 100) === conversions * 2499, `${by}: revenue ${totals.revenueByCurrency.USD}`);
    for (const row of [...rows, totals]) must(row.clicks === row.botClicks + row.qualifiedClicks, `${by}: people and bots of ${row.key}`);
    if (!sent[by]) continue;
    must(rows.length === sent[by].size, `${by}: ${rows.length} rows, ${sent[by].size} were sent`);
    for (const { key, clicks } of rows) must(clicks === sent[by].get(key), `${by} ${key}: ${clicks} of ${sent[by].get(key)}`);
  }
  const { rows } = await report("slug");
  const of = (slugs, member) => rows.filter((row) => slugs.includes(row.key)).reduce((total, row) => total + row[member], 0);
  const share = (part, whole) => `${((100 * part) / whole).toFixed(3)} % (${part} of ${whole})`;
  console.log(`${visits} visits: every report adds up to what was sent`);
  console.log(`recall on crawlers: ${share(of(crawlerLinks, "botClicks"), of(crawlerLinks, "clicks"))}`);
  console.log(`false positives on people: ${share(of(humanLinks, "botClicks"), of(humanLinks, "clicks"))}`);
}

try {
  await prepare();
  const tokens = await sendVisits();
  await convert(tokens);
  await counted();
  await check();
} catch (error) {
  console.error(`replay: ${error.message}`);
  process.exitCode = 1;
} finally {
  agent.destroy();
}
