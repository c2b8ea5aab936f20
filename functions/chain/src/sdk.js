// The browser SDK of 10x Links: stores the click of a visitor, sends signals, requests decisions and reports conversions.
//
//   <script src="https://api.example/v2/public/sdk.js" data-handle="demo" defer></script>
//
//   tenx.signal("intent", { value: "basket", confidence: 0.8 })
//   tenx.resolve("checkout").then(({ action }) => …)          tenx.prefetch(["checkout", "exit"])
//   tenx.convert({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey: "order-789" }).then((receipt) => …)
//   tenx.link(url), or <a data-tenx href="https://demo.links.example/shop">, passes the session on; tenx.session and tenx.ctx are
//   known once the promise tenx.ready is resolved
//
// It never throws into the page, writes no HTML and never navigates: decisions are data, and where the API fails, the promise of the
// call is rejected. Visitors who send Global Privacy Control (or Do Not Track), or denied consent on the link, have no session and no
// signals; only their ctx is stored, in this tab, for a conversion in it.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.tenx) return;

  const API = new URL(".", script.src).href;
  const handle = script.dataset.handle ?? "";
  const SESSION_MS = 30 * 86_400_000;
  const TIMEOUT_MS = 15_000;
  const BATCH_DELAY_MS = 300; // signals within this time are sent together
  const MAX_BATCH = 50;
  const MAX_PENDING = 200; // the limit of a session
  // Browsers limit all requests that outlive their page to 64 KiB together; a character has at most three bytes.
  const MAX_KEEPALIVE_CHARS = 16_000;

  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };

  // Storage: each value under a name of its own, so that tabs do not overwrite each other's; in memory where storage is full or
  // blocked.
  const storeIn = (area) => {
    const prefix = `tenx.${handle}.`;
    const memory = new Map();
    return {
      // A value in memory could not be stored and is newer than the stored one.
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
        const own = stored.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
        return [...new Set([...own, ...memory.keys()])].filter((name) => name.startsWith(`${kind}.`));
      },
    };
  };
  const browser = storeIn("localStorage");
  const tab = storeIn("sessionStorage");
  const optedOut = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  let storage = optedOut ? tab : browser;
  const isOptedOut = () => storage === tab;
  const forget = () => ["ctx", "session", ...browser.names("signal")].forEach(browser.remove);

  // One request; a network error is reported as status 0.
  const call = async (path, type, body) => {
    const text = body && JSON.stringify(body);
    const post = text && { method: "POST", body: text, headers: { "content-type": type }, keepalive: text.length <= MAX_KEEPALIVE_CHARS };
    try {
      const response = await fetch(API + path, { ...post, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) });
      // A successful response that is cut off counts as a network error.
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
    new Promise((resolve) => {
      setTimeout(resolve, ms);
      addEventListener("online", resolve, { once: true });
    });
  // Signals and conversions are sent as text/plain: such a request needs no preflight (Fetch standard), which a beacon, always with
  // credentials, would not pass.
  const BEACON_TYPE = "text/plain";
  // Items that the browser is sending, also when the page is closed.
  const inFlight = new Set();
  const send = async (path, names, body) => {
    names.forEach((name) => inFlight.add(name));
    const outcome = await call(path, BEACON_TYPE, body);
    names.forEach((name) => inFlight.delete(name));
    return outcome;
  };
  const beacon = (path, names, body) => {
    const isQueued = attempt(() => navigator.sendBeacon(API + path, new Blob([JSON.stringify(body)], { type: BEACON_TYPE })));
    if (isQueued) names.forEach((name) => inFlight.add(name));
  };

  // The click. Its ctx is removed from the page's address, so that a copied address does not contain it.
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
    const known = storage.get("ctx");
    return known && !(Date.parse(known.expiresAt) <= Date.now()) ? known : null;
  };

  // The session: that of the click, else the stored one, else a new one; it ends after 30 days without activity.
  let session = null;
  let isReady = false;
  const keepSession = () => browser.set("session", { id: session, at: Date.now() });
  // Unless another tab has changed or removed it.
  const prolongSession = () => browser.get("session")?.id === session && keepSession();

  // Reads the context of a new ctx, once: the result is stored with it.
  const readContext = async (fresh) => {
    const { ok, status, answer } = await call(`context?ctx=${fresh.token}`);
    if (storage.get("ctx")?.token !== fresh.token) return; // another tab has a newer one
    if (ok && answer.consent === "denied") {
      forget();
      storage = tab;
      storage.set("ctx", { token: fresh.token, expiresAt: answer.expiresAt });
    } else if (ok) {
      if (answer.sessionId && answer.handle === handle) session = answer.sessionId;
      storage.set("ctx", { token: fresh.token, at: fresh.at, expiresAt: answer.expiresAt, checked: true });
    } else if (status === 400) {
      // It is not valid: the previous one remains.
      if (fresh.previous) storage.set("ctx", fresh.previous);
      else storage.remove("ctx");
    }
  };

  const initialize = async () => {
    const token = landed();
    if (optedOut) forget();
    else if (token) tab.remove("ctx");
    else if (tab.get("ctx")) storage = tab; // consent was denied on the link that led to this tab
    if (token) {
      const { previous, ...before } = click() ?? {};
      storage.set("ctx", { token, at: Date.now(), previous: before.checked ? before : previous });
    }
    if (!isOptedOut()) {
      const last = storage.get("session");
      session = last && Date.now() - last.at < SESSION_MS ? last.id : `sig_${handle}_${Date.now()}_${random()}`;
      const known = click();
      if (known && !known.checked) await readContext(known);
    }
    if (!isOptedOut()) keepSession();
    isReady = true;
  };

  // Signals are stored until the API has them; it recognizes repeated ones by their ids.
  let tries = 0;
  let notBefore = 0;
  let timer = null;
  const flushIn = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  };
  const signal = (signalKey, details) => {
    const { value, confidence, metadata } = details ?? {};
    if (isOptedOut() || browser.names("signal").length >= MAX_PENDING) return;
    const signalId = random();
    const signalValue = value == null ? undefined : String(value);
    const entry = { signalKey, signalValue, confidence, metadata, signalId, occurredAt: new Date().toISOString() };
    attempt(() => browser.set(`signal.${signalId}`, { entry }));
    decisions = new Map();
    flushIn(BATCH_DELAY_MS);
  };

  // The next signals of one session that are not being sent. The first try assigns their session.
  const nextBatch = () => {
    const waiting = browser.names("signal").filter((name) => !inFlight.has(name));
    const signals = waiting.map((name) => ({ name, ...browser.get(name) })).filter(({ entry }) => entry);
    signals.sort((a, b) => (a.entry.occurredAt < b.entry.occurredAt ? -1 : 1));
    const sessionId = signals[0]?.sessionId ?? session;
    const batch = [];
    let size = 0;
    for (const { name, entry, sessionId: assigned = session } of signals) {
      size += JSON.stringify(entry).length;
      if (assigned !== sessionId || batch.length === MAX_BATCH || (batch.length && size > MAX_KEEPALIVE_CHARS - 500)) break;
      browser.set(name, { entry, sessionId });
      batch.push({ name, entry });
    }
    return { names: batch.map(({ name }) => name), body: { handle, sessionId, signals: batch.map(({ entry }) => entry) } };
  };

  // Sends a batch, or postpones it until it may be sent; returns whether to continue.
  const sendBatch = async () => {
    const { names, body } = nextBatch();
    if (!names.length) return false;
    const waitMs = notBefore - Date.now();
    if (waitMs > 0) {
      flushIn(waitMs);
      return false;
    }
    const outcome = await send("chain/signals", names, body);
    if (!isFinal(outcome) && !outcome.answer.limits?.signalsPerSession) {
      notBefore = Date.now() + (outcome.waitMs || backoffMs(tries++));
      return true;
    }
    tries = 0;
    // An invalid signal must not discard the valid ones.
    const faults = (outcome.answer.fields ?? []).map(({ field }) => names[/^signals\[(\d+)\]/.exec(field)?.[1]]).filter(Boolean);
    if (!outcome.ok) console.warn(failure(outcome).message, outcome.answer.fields ?? "");
    (faults.length ? faults : names).forEach(browser.remove);
    return true;
  };
  let flushing = null;
  const flush = () => {
    const work = async () => {
      await initialized;
      if (isOptedOut()) return;
      prolongSession();
      while (await sendBatch());
    };
    return (flushing ??= work().finally(() => (flushing = null)));
  };

  // Decisions depend on the signals sent so far.
  let decisions = new Map();
  const decide = async (path, question) => {
    await flush();
    if (isOptedOut()) return null;
    const outcome = await call(path, "application/json", { handle, sessionId: session, ...question });
    if (!outcome.ok) throw failure(outcome);
    return outcome.answer;
  };
  const noDecision = (trigger) => ({ handle, sessionId: null, trigger, matched: false, ruleId: null, action: { type: "none" } });
  const resolve = async (trigger) => {
    const { decision, until } = decisions.get(trigger) ?? {};
    return Date.now() < until ? decision : ((await decide("chain/resolve", { trigger })) ?? noDecision(trigger));
  };
  const prefetch = async (triggers) => {
    const current = decisions; // not those after a signal that this response does not include
    const answer = await decide("chain/prefetch", { triggers });
    if (!answer) return Object.fromEntries(triggers.map((trigger) => [trigger, noDecision(trigger)]));
    for (const [trigger, decision] of Object.entries(answer.decisions)) {
      current.set(trigger, { decision, until: Date.now() + 1000 * decision.ttlSeconds });
    }
    return answer.decisions;
  };

  // A conversion is stored until the API has answered; because of its key it counts once, however often it is sent.
  const delivering = new Map();
  const deliver = (store, name, body) => {
    const work = async () => {
      for (let tried = 0; ; tried++) {
        const outcome = await send("conversions", [name], body);
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
    if (!ctx) throw new Error("tenx: no ctx: this visitor did not follow a link, so there is no click to credit");
    const idempotencyKey = String(given ?? random());
    const name = `conversion.${idempotencyKey}`;
    const sessionId = tenx.session ?? undefined;
    const posted = { ctx, idempotencyKey, eventType, value, currency, metadata, sessionId, occurredAt: new Date().toISOString() };
    const body = storage.get(name) ?? posted;
    storage.set(name, body);
    return deliver(storage, name, body);
  };

  // A page that is closed sends everything as beacons; the next page sends again what failed.
  const leave = () => {
    while (isReady && !isOptedOut()) {
      const { names, body } = nextBatch();
      if (!names.length) break;
      beacon("chain/signals", names, body);
      if (!inFlight.has(names[0])) break;
    }
    for (const [name, { body }] of delivering) if (!inFlight.has(name)) beacon("conversions", [name], body);
  };
  // A beacon has no response: a page that becomes visible again sends everything again.
  const comeBack = () => {
    inFlight.clear();
    flush();
  };
  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && comeBack());
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : comeBack()));

  // Short links pass the session on: `sid` puts it into the new ctx.
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

  const initialized = initialize();
  const tenx = Object.freeze({
    ready: initialized, // session and ctx are known
    signal,
    resolve,
    prefetch,
    convert,
    link,
    get session() {
      return isReady && !isOptedOut() ? session : null;
    },
    get ctx() {
      return click()?.token ?? null;
    },
  });
  window.tenx = tenx;

  flush();
  // In both, because a visitor may have denied consent since.
  for (const store of [browser, tab]) {
    for (const name of store.names("conversion")) {
      const body = store.get(name);
      if (body) deliver(store, name, body).catch((error) => console.warn(error.message));
    }
  }
})();
