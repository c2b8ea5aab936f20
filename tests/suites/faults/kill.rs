//! The crash promise, kept by the real program on a real disk: what was answered before `kill -9` is there after it, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::reports::{Dimension, Report, Selection};
use domain::values::id::ClickId;
use domain::values::name::Handle;
use futures::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use local::keys::Keys;
use local::{LocalServer, Options};
use runtime::Settings;
use serde_json::{Value, json};
use store::Store;
use tests::{Answer, BROWSER, programs};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};

const TASKS: usize = 6;
/// Answers after which the process dies, in each round.
const FATAL: [usize; 2] = [250, 400];
const SLUGS: [&str; 2] = ["autumn", "winter"];
const COUNTRIES: [&str; 3] = ["DE", "US", "FR"];
const CURRENCIES: [&str; 2] = ["EUR", "USD"];

/// The sweeper finds what a crash left behind a minute later at the earliest, at its next turn.
const SETTLED_WITHIN: Duration = Duration::from_secs(300);
const STARTED_WITHIN: Duration = Duration::from_secs(60);
const LOADED_WITHIN: Duration = Duration::from_secs(120);

/// A connection to the process, and what is said over it.
pub(super) struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    async fn open(port: u16) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?) })
    }

    /// Sends one request and reads its answer; an answer that is cut short is none.
    pub(super) async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("\r\n{body}"));
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let status = self.line().await?;
        let status =
            status.split(' ').nth(1).and_then(|code| StatusCode::from_bytes(code.as_bytes()).ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
        }
        let length = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, headers, body: body.into() })
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// The program, running.
pub(super) struct Running {
    pub(super) child: Child,
    port: u16,
    token: String,
    log: PathBuf,
}

impl Running {
    /// Starts the program on this data and waits until it answers.
    pub(super) async fn start(program: &Path, folder: &Path) -> Self {
        let deadline = Instant::now() + STARTED_WITHIN;
        loop {
            let running = Self::spawn(program, folder).await;
            if let Some(running) = running.ready(deadline).await {
                return running;
            }
            // Another process took the port in between.
            assert!(Instant::now() < deadline, "{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
        }
    }

    pub(super) async fn spawn(program: &Path, folder: &Path) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port").local_addr().expect("an address").port();
        let log = folder.join("log");
        let file = File::options().append(true).create(true).open(&log).expect("a log");
        let mut command = Command::new(program);
        command
            .arg("--bare")
            .arg("--port")
            .arg(port.to_string())
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--env-file")
            .arg(folder.join("tokens"));
        command
            .args(["--public-rpm", "1000000", "--trust-viewer-address"])
            .env("RUST_LOG", "warn,dynoxide=error")
            .kill_on_drop(true)
            .stdin(Stdio::null());
        let child = command.stdout(file.try_clone().expect("a log")).stderr(file).spawn().expect("a process");
        Self { child, port, token: String::new(), log }
    }

    async fn ready(mut self, deadline: Instant) -> Option<Self> {
        let mut ticks = ticks(Duration::from_millis(20));
        while Instant::now() < deadline && self.child.try_wait().expect("a process").is_none() {
            ticks.tick().await;
            let Ok(mut line) = Line::open(self.port).await else { continue };
            // The port is open before the server is ready; the answer comes when it is.
            if line.ask("GET", "/v2/system/health", &[("host", "localhost")], "").await.is_ok_and(|answer| answer.status == 200) {
                let tokens = std::fs::read_to_string(self.log.with_file_name("tokens")).expect("tokens");
                let token = tokens.lines().find_map(|line| line.strip_prefix("export JWT_TOKEN='")?.strip_suffix('\''));
                self.token = token.expect("a token").to_owned();
                return Some(self);
            }
        }
        None
    }

    /// `kill -9`, and the process is gone.
    pub(super) async fn kill(&mut self) {
        self.child.kill().await.expect("a process to kill");
    }

    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) async fn line(&self) -> Line {
        Line::open(self.port).await.expect("a connection")
    }

    pub(super) async fn owner(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("host", "localhost"), ("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.line().await.ask(method, path, &headers, body).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    async fn read(&self, path: &str) -> Value {
        let deadline = Instant::now() + STARTED_WITHIN;
        loop {
            let answer = self.owner("GET", path, "").await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() > deadline {
                return answer.expect(200).json();
            }
        }
    }

    /// All conversions, page by page.
    pub(super) async fn conversions(&self) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.read(&format!("/v2/handles/demo/conversions?limit=100{cursor}")).await;
            all.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    async fn report(&self, by: &str) -> Value {
        self.read(&format!("/v2/handles/demo/analytics?groupBy={by}")).await
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// A visit that was answered.
struct Visit {
    slug: &'static str,
    country: &'static str,
    ctx: String,
}

/// Everything a client knows: what it sent, and how it was answered.
#[derive(Default)]
struct Client {
    /// Visits sent, by slug and country.
    sent: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    visits: Mutex<Vec<Visit>>,
    /// Conversions sent, by key; the body stays the same.
    conversions: Mutex<BTreeMap<String, Value>>,
    /// Ids that were answered, by key.
    accepted: Mutex<BTreeMap<String, String>>,
    answers: AtomicUsize,
    visitors: AtomicUsize,
}

impl Client {
    /// Visits and buys until the line is dead.
    async fn load(&self, port: u16, round: usize, task: usize, fatal: usize, enough: &Notify) -> io::Result<()> {
        let mut line = Line::open(port).await?;
        for number in 0.. {
            let ctx = self.follow(&mut line, port, number + task).await?;
            self.answered(fatal, enough);
            if let Some(ctx) = ctx.filter(|_| number % 2 == 0) {
                let key = format!("order-{round}-{task}-{number}");
                let value: serde_json::Number = format!("{}.{:02}", number, 10 + task).parse().expect("a number");
                let body =
                    json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase", "value": value, "currency": CURRENCIES[task % 2]});
                self.conversions.lock().expect("conversions").insert(key.clone(), body);
                self.convert(&mut line, &key).await?;
                self.answered(fatal, enough);
            }
        }
        Ok(())
    }

    fn answered(&self, fatal: usize, enough: &Notify) {
        if self.answers.fetch_add(1, Ordering::SeqCst) + 1 == fatal {
            enough.notify_one();
        }
    }

    /// Visits a link; without a ctx when the server answers that it is too busy.
    async fn follow(&self, line: &mut Line, port: u16, number: usize) -> io::Result<Option<String>> {
        let (slug, country) = (SLUGS[number % 2], COUNTRIES[number % 3]);
        *self.sent.lock().expect("sent").entry((slug, country)).or_default() += 1;
        let host = format!("demo.localhost:{port}");
        // Visits of many networks: from one they would be a burst.
        let visit = self.visitors.fetch_add(1, Ordering::SeqCst);
        let address = format!("100.{}.{}.9:443", 64 + visit / 256 % 64, visit % 256);
        let headers = [
            ("host", host.as_str()),
            ("user-agent", BROWSER),
            ("accept-language", "en-US"),
            ("cloudfront-viewer-country", country),
            ("cloudfront-viewer-address", &address),
        ];
        let answer = line.ask("GET", &format!("/{slug}"), &headers, "").await?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return Ok(None);
        }
        let ctx = answer.expect(302).ctx();
        assert!(!ctx.is_empty(), "a redirect without ctx");
        self.visits.lock().expect("visits").push(Visit { slug, country, ctx: ctx.clone() });
        Ok(Some(ctx))
    }

    /// Sends a conversion, and compares its answer with the one before; false when the server answers that it is too busy.
    async fn convert(&self, line: &mut Line, key: &str) -> io::Result<bool> {
        let body = self.conversions.lock().expect("conversions")[key].clone();
        let headers = [("host", "localhost"), ("content-type", "application/json")];
        let answer = line.ask("POST", "/v2/public/conversions", &headers, &body.to_string()).await?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return Ok(false);
        }
        let json = answer.json();
        let id = json["conversionId"].as_str().unwrap_or_else(|| panic!("{key}: {}", answer.text())).to_owned();
        let result = (answer.status.as_u16(), json["deduped"].as_bool());
        assert!([(202, Some(false)), (200, Some(true))].contains(&result), "{key}: {}", answer.text());
        assert_eq!((cents(&json["value"]), &json["mismatch"]), (cents(&body["value"]), &Value::Null), "{key}");
        let before = self.accepted.lock().expect("accepted").insert(key.to_owned(), id.clone());
        if let Some(before) = before {
            assert_eq!((result.0, &id), (200, &before), "{key} is answered like the first time");
        }
        Ok(true)
    }

    fn keys(&self) -> Vec<String> {
        self.conversions.lock().expect("conversions").keys().cloned().collect()
    }

    fn unanswered(&self) -> Vec<String> {
        let accepted = self.accepted.lock().expect("accepted");
        self.keys().into_iter().filter(|key| !accepted.contains_key(key)).collect()
    }

    /// Visits answered and sent, where `of` says.
    fn bounds(&self, of: impl Fn(&str, &str) -> bool) -> (u64, u64) {
        let answered = self.visits.lock().expect("visits").iter().filter(|visit| of(visit.slug, visit.country)).count();
        let sent = self.sent.lock().expect("sent");
        (answered as u64, sent.iter().filter(|((slug, country), _)| of(slug, country)).map(|(_, count)| count).sum())
    }
}

fn count(totals: &Value, member: &str) -> u64 {
    totals[member].as_u64().unwrap_or_else(|| panic!("no {member} in {totals}"))
}

/// Cents by currency, as reports have them.
fn revenue(totals: &Value) -> BTreeMap<String, i64> {
    totals["revenueByCurrency"].as_object().expect("revenue").iter().map(|(currency, amount)| (currency.clone(), cents(amount))).collect()
}

fn cents(amount: &Value) -> i64 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Kills the program in the middle of a load, starts it again, and repeats what was not answered.
async fn crash(client: &Arc<Client>, program: &Path, folder: &Path, running: &mut Running, round: usize) {
    let enough = Arc::new(Notify::new());
    let fatal = client.answers.load(Ordering::SeqCst) + FATAL[round];
    let tasks = (0..TASKS).map(|task| {
        let (client, enough, port) = (client.clone(), enough.clone(), running.port);
        tokio::spawn(async move { client.load(port, round, task, fatal, &enough).await })
    });
    let tasks: Vec<_> = tasks.collect();
    tokio::time::timeout(LOADED_WITHIN, enough.notified()).await.unwrap_or_else(|_| panic!("too few answers: {}", running.said()));
    running.kill().await;
    for ended in join_all(tasks).await {
        assert!(ended.expect("a client that did not fail").is_err(), "the line died");
    }

    *running = Running::start(program, folder).await;
    let ids: BTreeSet<String> = client.accepted.lock().expect("accepted").values().cloned().collect();
    let listed: Vec<Value> = running.conversions().await;
    for id in &ids {
        let copies = listed.iter().filter(|conversion| conversion["conversionId"] == id.as_str()).count();
        assert_eq!(copies, 1, "{id} was answered before the crash");
    }
    let mut line = running.line().await;
    // Whether or not the first attempt was accepted, the second is answered, and the third gets the same answer; as do those before.
    for key in client.unanswered().into_iter().chain(client.keys()) {
        let deadline = Instant::now() + STARTED_WITHIN;
        while !client.convert(&mut line, &key).await.unwrap_or_else(|error| panic!("{key}: {error}")) {
            assert!(Instant::now() < deadline, "{key} is never answered");
        }
    }
}

/// Waits until everything sent is worked off, and returns the conversions and the reports that agree on it.
async fn processed(client: &Client, running: &Running) -> (Vec<Value>, BTreeMap<&'static str, Value>) {
    let deadline = Instant::now() + SETTLED_WITHIN;
    let mut ticks = ticks(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let before = running.report("day").await;
        let conversions = running.conversions().await;
        let reports = BTreeMap::from([
            ("slug", running.report("slug").await),
            ("country", running.report("country").await),
            ("day", running.report("day").await),
        ]);
        let open = conversions.iter().filter(|conversion| conversion["counted"] != true).count();
        let clicks = count(&before["totals"], "clicks");
        let (answered, _) = client.bounds(|_, _| true);
        // Nothing came in while the reports were read, so they speak of the same state.
        if before["totals"] == reports["day"]["totals"] && open == 0 && clicks >= answered {
            return (conversions, reports);
        }
        assert!(Instant::now() < deadline, "{open} conversions not counted, {clicks} of {answered} clicks: {}", running.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_kill_9_is_there_after_it_and_counted_once() {
    let program = programs(&["local"]).await.remove("local").expect("a program");
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = Running::start(&program, folder.path()).await;
    for slug in SLUGS {
        running
            .owner("PUT", &format!("/v2/handles/demo/links/{slug}"), r#"{"destinationUrl":"https://example.com/shop"}"#)
            .await
            .expect(201);
    }
    let client = Arc::new(Client::default());
    for round in 0..FATAL.len() {
        crash(&client, &program, folder.path(), &mut running, round).await;
    }
    let (conversions, reports) = processed(&client, &running).await;

    let listed: BTreeMap<String, &Value> =
        conversions.iter().map(|conversion| (conversion["conversionId"].as_str().expect("an id").to_owned(), conversion)).collect();
    assert_eq!(listed.len(), conversions.len(), "a conversion is listed twice");
    let accepted: BTreeMap<String, String> = client.accepted.lock().expect("accepted").clone();
    assert_eq!(
        accepted.values().cloned().collect::<BTreeSet<_>>(),
        listed.keys().cloned().collect(),
        "each key has its conversion, and there are no others"
    );
    assert_eq!(accepted.len(), conversions.len(), "two keys have the same conversion");
    let mut owed: BTreeMap<String, i64> = BTreeMap::new();
    for (key, id) in &accepted {
        let (body, stored) = (&client.conversions.lock().expect("conversions")[key], listed[id]);
        assert_eq!((cents(&body["value"]), &body["currency"]), (cents(&stored["value"]), &stored["currency"]), "{key}");
        *owed.entry(body["currency"].as_str().expect("a currency").to_owned()).or_default() += cents(&body["value"]);
    }

    // This client buys at once, as no person does: each such click is classified as a bot's, whatever died in between.
    let instant: BTreeSet<ClickId> = conversions.iter().filter_map(bought_at_once).collect();
    for (by, report) in &reports {
        let totals = &report["totals"];
        assert_eq!(totals, &reports["day"]["totals"], "by {by}");
        let rows = report["rows"].as_array().expect("rows");
        for member in ["clicks", "botClicks", "qualifiedClicks", "conversions"] {
            assert_eq!(rows.iter().map(|row| count(row, member)).sum::<u64>(), count(totals, member), "{member} by {by}");
        }
        let mut sum: BTreeMap<String, i64> = BTreeMap::new();
        rows.iter().flat_map(revenue).for_each(|(currency, cents)| *sum.entry(currency).or_default() += cents);
        assert_eq!((&sum, &revenue(totals)), (&owed, &owed), "revenue by {by}");
        let expected = (conversions.len() as u64, instant.len() as u64);
        assert_eq!((count(totals, "conversions"), count(totals, "botClicks")), expected, "by {by}");
        for row in rows {
            let key = row["key"].as_str().expect("a key");
            let (answered, sent) = client.bounds(|slug, country| *by == "day" || key == slug || key == country);
            assert!((answered..=sent).contains(&count(row, "clicks")), "{answered} to {sent} visits by {by}: {row}");
        }
    }
    running.kill().await;
    assert!(!running.said().contains("panicked"), "{}", running.said());
    equals_the_table(&client, folder.path(), &instant).await;
}

/// The click of a conversion that followed it within 800 ms.
fn bought_at_once(conversion: &Value) -> Option<ClickId> {
    let click: ClickId = conversion["clickId"].as_str()?.parse().ok()?;
    let accepted: domain::values::moment::Moment = conversion["acceptedAt"].as_str()?.parse().ok()?;
    (accepted.millis() - click.moment().millis() < 800).then_some(click)
}

/// Reads the data itself: the click of every answered visit is in it, the counters are their sum, and nothing was dropped.
async fn equals_the_table(client: &Client, folder: &Path, instant: &BTreeSet<ClickId>) {
    let data = folder.join("data");
    let keys = Keys::open(&data).expect("keys");
    let settings = local::settings::LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys: &keys };
    let server =
        LocalServer::open(Options { data: Some(data), environment: settings.environment(), ..Options::memory() }).await.expect("a server");
    for queue in ["ClicksDeadLetters", "EventsDeadLetters"] {
        assert_eq!(server.queue_depth(queue).expect("a queue").visible, 0, "{queue}");
    }
    let environment = server.env("redirect");
    let settings = Settings::read(|name| environment.get(name).cloned()).expect("settings");
    let store = Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone());
    let ring = domain::clicks::ctx::Keyring::from_json(&keys.platform).expect("a keyring");
    let now = (runtime::start::wall_clock())();
    let visits: Vec<String> = client.visits.lock().expect("visits").iter().map(|visit| visit.ctx.clone()).collect();
    let answered: BTreeSet<ClickId> = visits.iter().map(|ctx| ring.open(ctx, now).expect("a ctx").click_id).collect();
    assert_eq!(answered.len(), visits.len(), "a click id was given twice");

    let handle: Handle = "demo".parse().expect("a handle");
    let (today, mut stored) = (now.day(), Vec::new());
    // Midnight may have passed meanwhile.
    for day in [today.plus(-1), today] {
        stored.extend(tests::clicks_of_day(&store, &handle, day).await.expect("clicks"));
    }
    let bots: BTreeSet<ClickId> = stored.iter().filter(|click| click.bot).map(|click| click.id).collect();
    assert_eq!(&bots, instant, "bots are those who bought at once");
    assert!(stored.iter().all(|click| !click.bot || click.reasons == ["instant_conversion"]));
    let stored: BTreeSet<ClickId> = stored.into_iter().map(|click| click.id).collect();
    let cells = store.rollups().read(&handle, &Selection::Handle, Some(Dimension::Day), today.plus(-1), today).await.expect("cells");
    let report = Report::of(cells.days.iter().map(|(day, counts)| (*day, counts)), Dimension::Day);
    assert_eq!(usize::try_from(report.totals.clicks), Ok(stored.len()), "counters are the sum of what is stored");
    let missing: Vec<_> = answered.difference(&stored).copied().collect();
    assert!(missing.is_empty(), "answered, and not counted: {missing:?}");
}
