// 10x Links in a page: keeps the click a visitor came by, tells what they do, asks what to show, reports what they buy.
//
//   <script src="https://api.example/v2/public/sdk.js" data-handle="demo" defer></script>
//
//   tenx.signal("intent", { value: "basket", confidence: 0.8 })
//   tenx.resolve("checkout").then(({ action }) => …)          tenx.prefetch(["checkout", "exit"])
//   tenx.convert({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey: "order-789" }).then((receipt) => …)
//   tenx.link(url), or <a data-tenx href="https://demo.links.example/shop">, goes on with the session; tenx.session, tenx.ctx,
//   known once tenx.ready is
//
// It never throws into the page, writes no HTML and goes nowhere: decisions are data, and where the API fails, the promise of the
// call is rejected. Visitors who send Global Privacy Control (or Do Not Track), or denied consent on the link, have no session and no
// signals; nothing is kept of them but the ctx, in this tab, for the sale at hand.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.tenx) return;

  const API = new URL(".", script.src).href;
  const handle = script.dataset.handle ?? "";
  const SESSION_MS = 30 * 86_400_000;
  const TIMEOUT_MS = 15_000;
  const TOGETHER_MS = 300; // signals of one moment go together
  const MOST_IN_A_BATCH = 50;
  const MOST_WAITING = 200; // as many as a session may have
  // Browsers hold all requests that outlive their page to 64 KiB; a character is at most three bytes.
  const LARGEST = 16_000;

  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };

  // What is kept: each thing under a name of its own, so that tabs do not overwrite each other's; in memory where storage is full or
  // blocked.
  const storeIn = (area) => {
    const prefix = `tenx.${handle}.`;
    const memory = new Map();
    return {
      // What could not be stored is newer than what is.
      get: (name) => attempt(() => JSON.parse(memory.get(name) ?? attempt(() => window[area].getItem(prefix + name)))) ?? null,
      set(name, value) {
        const text = JSON.stringify(value);
        memory.set(name, text);
        attempt(() => {
          window[area].setItem(prefix + name, text);
          memory.delete(name);
        });
      },
      remove(name) {
        memory.delete(name);
        attempt(() => window[area].removeItem(prefix + name));
      },
      names(kind) {
        const stored = attempt(() => Object.keys(window[area])) ?? [];
        const ours = stored.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
        return [...new Set([...ours, ...memory.keys()])].filter((name) => name.startsWith(`${kind}.`));
      },
    };
  };
  const browser = storeIn("localStorage");
  const tab = storeIn("sessionStorage");
  const optedOut = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  let kept = optedOut ? tab : browser;
  const isQuiet = () => kept === tab;
  const forget = () => ["ctx", "session", ...browser.names("signal")].forEach(browser.remove);

  // One request; trouble on the way comes back as status 0.
  const call = async (path, type, body) => {
    const text = body && JSON.stringify(body);
    const post = text && { method: "POST", body: text, headers: { "content-type": type }, keepalive: text.length <= LARGEST };
    try {
      const response = await fetch(API + path, { ...post, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) });
      // A good answer that breaks off is none.
      const answer = await response.json().catch((error) => (response.ok ? Promise.reject(error) : {}));
      return { ok: response.ok, status: response.status, answer, waitMs: 1000 * response.headers.get("retry-after") || 0 };
    } catch {
      return { ok: false, status: 0, answer: {}, waitMs: 0 };
    }
  };
  const isFinal = ({ status }) => status >= 200 && status < 500 && status !== 429;
  const failure = ({ status, answer }) =>
    Object.assign(new Error(`tenx: ${answer.message ?? "the API cannot be reached"}`), { status, answer });
  const backoffMs = (tries) => Math.min(60_000, 1000 * 2 ** tries) * (0.75 + Math.random() / 2);
  const pause = (ms) =>
    new Promise((over) => {
      setTimeout(over, ms);
      addEventListener("online", over, { once: true });
    });
  // What is told goes as text/plain: such a request needs no preflight (Fetch standard), which a beacon, always with credentials,
  // would not pass.
  const TOLD = "text/plain";
  // What the browser was handed to send even when the page goes.
  const handed = new Set();
  const tell = async (path, names, body) => {
    names.forEach((name) => handed.add(name));
    const outcome = await call(path, TOLD, body);
    names.forEach((name) => handed.delete(name));
    return outcome;
  };
  const beacon = (path, names, body) => {
    const isHanded = attempt(() => navigator.sendBeacon(API + path, new Blob([JSON.stringify(body)], { type: TOLD })));
    if (isHanded) names.forEach((name) => handed.add(name));
  };

  // The click. Its ctx leaves the page's address, so that a copied address carries nobody's.
  const landed = () => {
    const url = new URL(location.href);
    const pairs = url.search.slice(1).split("&");
    const isCtx = (pair) => /^ctx=c\d+\.[\w-]+\.[\w-]+\.[\w-]+$/.test(pair);
    const token = pairs.filter(isCtx).pop()?.slice("ctx=".length);
    if (!token) return null;
    url.search = pairs.filter((pair) => !isCtx(pair)).join("&");
    attempt(() => history.replaceState(history.state, "", url));
    return token;
  };
  const click = () => {
    const known = kept.get("ctx");
    return known && !(Date.parse(known.expiresAt) <= Date.now()) ? known : null;
  };

  // The session: the one the click names, else the one kept, else a new one; it ends after 30 days of nothing.
  let session = null;
  let isSettled = false;
  const keepSession = () => browser.set("session", { id: session, at: Date.now() });
  // Unless another tab has gone on with another one, or forgotten it.
  const prolongSession = () => browser.get("session")?.id === session && keepSession();

  // Asks what a new ctx says; once, for the answer is kept with it.
  const ask = async (fresh) => {
    const { ok, status, answer } = await call(`context?ctx=${fresh.token}`);
    if (kept.get("ctx")?.token !== fresh.token) return; // another tab has a newer one
    if (ok && answer.consent === "denied") {
      forget();
      kept = tab;
      kept.set("ctx", { token: fresh.token, expiresAt: answer.expiresAt });
    } else if (ok) {
      if (answer.sessionId && answer.handle === handle) session = answer.sessionId;
      kept.set("ctx", { token: fresh.token, at: fresh.at, expiresAt: answer.expiresAt, asked: true });
    } else if (status === 400) {
      // It is none: the one before it stands.
      if (fresh.former) kept.set("ctx", fresh.former);
      else kept.remove("ctx");
    }
  };

  const settle = async () => {
    const token = landed();
    if (optedOut) forget();
    else if (token) tab.remove("ctx");
    else if (tab.get("ctx")) kept = tab; // consent was denied on the link this tab came by
    if (token) {
      const { former, ...before } = click() ?? {};
      kept.set("ctx", { token, at: Date.now(), former: before.asked ? before : former });
    }
    if (!isQuiet()) {
      const last = kept.get("session");
      session = last && Date.now() - last.at < SESSION_MS ? last.id : `sig_${handle}_${Date.now()}_${random()}`;
      const known = click();
      if (known && !known.asked) await ask(known);
    }
    if (!isQuiet()) keepSession();
    isSettled = true;
  };

  // Signals wait in the store until the API has them; their ids let it tell those that come twice.
  let tries = 0;
  let notBefore = 0;
  let timer = null;
  const flushIn = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  };
  const signal = (signalKey, details) => {
    const { value, confidence, metadata } = details ?? {};
    if (isQuiet() || browser.names("signal").length >= MOST_WAITING) return;
    const signalId = random();
    const signalValue = value == null ? undefined : String(value);
    const told = { signalKey, signalValue, confidence, metadata, signalId, occurredAt: new Date().toISOString() };
    attempt(() => browser.set(`signal.${signalId}`, { told }));
    decisions = new Map();
    flushIn(TOGETHER_MS);
  };

  // The next signals of one session that have not been handed over. Which session is settled by the first try.
  const nextBatch = () => {
    const waiting = browser.names("signal").filter((name) => !handed.has(name));
    const signals = waiting.map((name) => ({ name, ...browser.get(name) })).filter(({ told }) => told);
    signals.sort((a, b) => (a.told.occurredAt < b.told.occurredAt ? -1 : 1));
    const sessionId = signals[0]?.sessionId ?? session;
    const batch = [];
    let size = 0;
    for (const { name, told, sessionId: settled = session } of signals) {
      size += JSON.stringify(told).length;
      if (settled !== sessionId || batch.length === MOST_IN_A_BATCH || (batch.length && size > LARGEST - 500)) break;
      browser.set(name, { told, sessionId });
      batch.push({ name, told });
    }
    return { names: batch.map(({ name }) => name), body: { handle, sessionId, signals: batch.map(({ told }) => told) } };
  };

  // Sends a batch, or puts it off to when it may be sent, and tells whether to go on.
  const sendBatch = async () => {
    const { names, body } = nextBatch();
    if (!names.length) return false;
    const waitMs = notBefore - Date.now();
    if (waitMs > 0) {
      flushIn(waitMs);
      return false;
    }
    const outcome = await tell("chain/signals", names, body);
    if (!isFinal(outcome) && !outcome.answer.limits?.signalsPerSession) {
      notBefore = Date.now() + (outcome.waitMs || backoffMs(tries++));
      return true;
    }
    tries = 0;
    // A bad signal must not cost the others theirs.
    const faults = (outcome.answer.fields ?? []).map(({ field }) => names[/^signals\[(\d+)\]/.exec(field)?.[1]]).filter(Boolean);
    if (!outcome.ok) console.warn(failure(outcome).message, outcome.answer.fields ?? "");
    (faults.length ? faults : names).forEach(browser.remove);
    return true;
  };
  let flushing = null;
  const flush = () => {
    const work = async () => {
      await settled;
      if (isQuiet()) return;
      prolongSession();
      while (await sendBatch());
    };
    return (flushing ??= work().finally(() => (flushing = null)));
  };

  // Decisions follow what the page has told so far.
  let decisions = new Map();
  const decide = async (path, question) => {
    await flush();
    if (isQuiet()) return null;
    const outcome = await call(path, "application/json", { handle, sessionId: session, ...question });
    if (!outcome.ok) throw failure(outcome);
    return outcome.answer;
  };
  const nothing = (trigger) => ({ handle, sessionId: null, trigger, matched: false, ruleId: null, action: { type: "none" } });
  const resolve = async (trigger) => {
    const { decision, until } = decisions.get(trigger) ?? {};
    return Date.now() < until ? decision : ((await decide("chain/resolve", { trigger })) ?? nothing(trigger));
  };
  const prefetch = async (triggers) => {
    const current = decisions; // not those after a signal that this answer does not know
    const answer = await decide("chain/prefetch", { triggers });
    if (!answer) return Object.fromEntries(triggers.map((trigger) => [trigger, nothing(trigger)]));
    for (const [trigger, decision] of Object.entries(answer.decisions)) {
      current.set(trigger, { decision, until: Date.now() + 1000 * decision.ttlSeconds });
    }
    return answer.decisions;
  };

  // A conversion is kept until the API has answered for it; its key makes it count once, however often it is sent.
  const delivering = new Map();
  const deliver = (store, name, body) => {
    const work = async () => {
      for (let tried = 0; ; tried++) {
        const outcome = await tell("conversions", [name], body);
        if (isFinal(outcome)) {
          store.remove(name);
          delivering.delete(name);
          if (outcome.ok) return outcome.answer;
          throw failure(outcome);
        }
        await pause(outcome.waitMs || backoffMs(tried));
      }
    };
    if (!delivering.has(name)) delivering.set(name, { body, promise: work() });
    return delivering.get(name).promise;
  };
  const convert = async ({ eventType, value, currency, idempotencyKey: given, metadata } = {}) => {
    const ctx = click()?.token;
    if (!ctx) throw new Error("tenx: no ctx: this visitor has not come by a link, so there is nobody to credit");
    const idempotencyKey = String(given ?? random());
    const name = `conversion.${idempotencyKey}`;
    const sessionId = tenx.session ?? undefined;
    const posted = { ctx, idempotencyKey, eventType, value, currency, metadata, sessionId, occurredAt: new Date().toISOString() };
    const body = kept.get(name) ?? posted;
    kept.set(name, body);
    return deliver(kept, name, body);
  };

  // A page that goes hands over what it has; it is sent again by the next one, should this have failed.
  const leave = () => {
    while (isSettled && !isQuiet()) {
      const { names, body } = nextBatch();
      if (!names.length) break;
      beacon("chain/signals", names, body);
      if (!handed.has(names[0])) break;
    }
    for (const [name, { body }] of delivering) if (!handed.has(name)) beacon("conversions", [name], body);
  };
  // Nobody tells whether it arrived: a page that is seen again sends it again.
  const comeBack = () => {
    handed.clear();
    flush();
  };
  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && comeBack());
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : comeBack()));

  // Short links go on with the session: `sid` puts it into the ctx they mint.
  const link = (url) => {
    if (!tenx.session) return String(url);
    const marked = attempt(() => new URL(url, document.baseURI));
    marked?.searchParams.set("sid", session);
    return marked?.href ?? String(url);
  };
  const mark = ({ target }) => {
    const anchor = target.closest?.("a[data-tenx][href]");
    if (anchor) anchor.href = link(anchor.href);
  };
  for (const kind of ["click", "auxclick", "contextmenu"]) document.addEventListener(kind, mark, true);

  const settled = settle();
  const tenx = Object.freeze({
    ready: settled, // once session and ctx are what they will be
    signal,
    resolve,
    prefetch,
    convert,
    link,
    get session() {
      return isSettled && !isQuiet() ? session : null;
    },
    get ctx() {
      return click()?.token ?? null;
    },
  });
  window.tenx = tenx;

  flush();
  // In both, for a visitor may have denied consent since.
  for (const store of [browser, tab]) {
    for (const name of store.names("conversion")) {
      const body = store.get(name);
      if (body) deliver(store, name, body).catch((error) => console.warn(error.message));
    }
  }
})();
