//! The cache with the clock and the source in the hands of the test. Time is an argument; waiting is virtual.

use std::collections::VecDeque;

use futures::future::join_all;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::*;

const FIRST: &str = r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef"}"#;
const SECOND: &str = r#"{"current":"k2","k1":"0123456789abcdef0123456789abcdef","k2":"fedcba9876543210fedcba9876543210"}"#;

/// What one load gives: the document at once, a failure, or the document once the test says so.
enum Step {
    Gives(&'static str),
    Fails,
    Waits(oneshot::Receiver<&'static str>),
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    loads: std::sync::atomic::AtomicUsize,
}

impl Load for Arc<Script> {
    async fn load(&self) -> Result<PlatformKeys, KeysError> {
        self.loads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let step = self.steps.lock().unwrap().pop_front().expect("one more load");
        let document = match step {
            Step::Gives(document) => document,
            Step::Fails => return Err(KeysError::Unavailable("refused".into())),
            Step::Waits(document) => document.await.map_err(|error| KeysError::Unavailable(error.into()))?,
        };
        PlatformKeys::read(document).ok_or(KeysError::Invalid)
    }
}

fn cache(steps: Vec<Step>) -> (KeyCache<Arc<Script>>, Arc<Script>) {
    let script = Arc::new(Script { steps: Mutex::new(steps.into()), ..Script::default() });
    (KeyCache::new(Arc::clone(&script)), script)
}

fn waiting() -> (oneshot::Sender<&'static str>, Step) {
    let (give, document) = oneshot::channel();
    (give, Step::Waits(document))
}

fn at(millis: i64) -> Moment {
    Moment::from_millis(1_800_000_000_000 + millis)
}

fn current(keys: Result<Arc<PlatformKeys>, KeysError>) -> String {
    keys.map_or_else(|error| error.to_string(), |keys| keys.current.clone())
}

fn loads(script: &Script) -> usize {
    script.loads.load(std::sync::atomic::Ordering::SeqCst)
}

const NOT_YET: &str = "the platform keys are not loaded yet";

#[tokio::test(start_paused = true)]
async fn old_keys_are_served_while_one_request_reloads() {
    let (give, slow) = waiting();
    let (cache, script) = cache(vec![Step::Gives(FIRST), slow]);
    assert_eq!(current(cache.get(at(0)).await), "k1");
    assert_eq!((current(cache.get(at(FRESH_MS - 1)).await), loads(&script)), ("k1".to_owned(), 1));
    let started = Instant::now();
    let answers = join_all((0..100).map(|_| cache.get(at(FRESH_MS)))).await;
    assert!(answers.into_iter().all(|keys| current(keys) == "k1"));
    assert_eq!((loads(&script), started.elapsed()), (2, BRIEFLY), "one request waited, briefly");
    let started = Instant::now();
    assert_eq!(current(cache.get(at(FRESH_MS + 1_000)).await), "k1");
    assert_eq!(started.elapsed(), Duration::ZERO, "the others do not wait");
    // The load goes on by itself, and what it brings is used.
    give.send(SECOND).unwrap();
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    assert_eq!((current(cache.get(at(FRESH_MS + 1_001)).await), loads(&script)), ("k2".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_quick_reload_is_used_by_the_request_that_started_it() {
    let (cache, _) = cache(vec![Step::Gives(FIRST), Step::Gives(SECOND)]);
    assert_eq!(current(cache.get(at(0)).await), "k1");
    assert_eq!(current(cache.get(at(FRESH_MS)).await), "k2");
}

#[tokio::test(start_paused = true)]
async fn a_failed_reload_is_remembered_for_a_minute() {
    let (cache, script) = cache(vec![Step::Gives(FIRST), Step::Fails, Step::Fails, Step::Gives(SECOND)]);
    assert_eq!(current(cache.get(at(0)).await), "k1");
    assert_eq!((current(cache.get(at(FRESH_MS)).await), loads(&script)), ("k1".to_owned(), 2));
    for later in [1, 30_000, REST_MS - 1] {
        let answers = [cache.get(at(FRESH_MS + later)).await, cache.get_soon(at(FRESH_MS + later)).await];
        let newer = cache.get_newer(at(FRESH_MS + later)).await;
        assert!(answers.into_iter().chain([newer]).all(|keys| current(keys) == "k1"));
        assert_eq!(loads(&script), 2, "{later} ms after the failure");
    }
    assert_eq!((current(cache.get(at(FRESH_MS + REST_MS)).await), loads(&script)), ("k1".to_owned(), 3));
    assert_eq!((current(cache.get(at(FRESH_MS + 2 * REST_MS)).await), loads(&script)), ("k2".to_owned(), 4));
}

#[tokio::test(start_paused = true)]
async fn without_keys_a_request_that_can_do_without_waits_briefly_and_the_load_goes_on() {
    let (give, slow) = waiting();
    let (cache, script) = cache(vec![slow]);
    let started = Instant::now();
    assert_eq!(current(cache.get_soon(at(0)).await), NOT_YET);
    assert_eq!(started.elapsed(), BRIEFLY);
    // One that cannot do without them joins the same load.
    give.send(FIRST).unwrap();
    assert_eq!((current(cache.get(at(1)).await), loads(&script)), ("k1".to_owned(), 1));
    assert_eq!(current(cache.get_soon(at(2)).await), "k1");
}

#[tokio::test(start_paused = true)]
async fn without_keys_a_failure_is_remembered_shortly_and_only_for_those_that_can_do_without() {
    let (cache, script) = cache(vec![Step::Fails, Step::Fails, Step::Fails, Step::Gives(FIRST)]);
    assert!(current(cache.get_soon(at(0)).await).contains("GetSecretValue"));
    assert_eq!((current(cache.get_soon(at(COLD_REST_MS - 1)).await), loads(&script)), (NOT_YET.to_owned(), 1));
    assert!(current(cache.get(at(COLD_REST_MS - 1)).await).contains("GetSecretValue"));
    assert!(current(cache.get_newer(at(COLD_REST_MS)).await).contains("GetSecretValue"));
    assert_eq!((current(cache.get_soon(at(2 * COLD_REST_MS)).await), loads(&script)), ("k1".to_owned(), 4));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_id_reloads_every_ten_seconds_at_most() {
    let (cache, script) = cache(vec![Step::Gives(FIRST), Step::Gives(SECOND)]);
    assert_eq!(current(cache.get(at(0)).await), "k1");
    assert_eq!((current(cache.get_newer(at(NEWER_MS - 1)).await), loads(&script)), ("k1".to_owned(), 1));
    let answers = join_all((0..20).map(|_| cache.get_newer(at(NEWER_MS)))).await;
    assert!(answers.into_iter().all(|keys| current(keys) == "k2"));
    assert_eq!((current(cache.get_newer(at(NEWER_MS + 1)).await), loads(&script)), ("k2".to_owned(), 2));
}
