//! The parts of a redirect in this process, in nanoseconds, and the whole function without the Lambda runtime.

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};

use api::{ApiSettings, ApiState};
use domain::clicks::agent::{Evidence, classify};
use domain::clicks::ctx::{Consent, CtxClaims, Keyring};
use domain::links::Link;
use domain::links::visit::Visit;
use domain::routing::{PersonalizationRules, decide};
use domain::values::id::ClickId;
use domain::values::moment::Moment;
use http::Request;
use lambda_http::Body;
use runtime::{App, Settings};
use serde_json::json;
use tower::Service;

use crate::aws_stub::AwsStub;
use crate::environment::stubbed;
use crate::event;
use crate::link;
use crate::statistics::{median, nanoseconds};
use crate::table::{Table, at_most};
use crate::visitors::{CRAWLER, DESKTOP, MOBILE};

const KEYS: &str = r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef"}"#;
/// The time of all measurements here.
const NOW: Moment = link::CREATED_AT.plus_secs(3_600);

/// Measures this section.
pub(super) fn measure() -> Result<Table> {
    let mut table = Table::goals("Parts of a redirect, ns (minimum of 25 batches; median)");
    token(&mut table)?;
    agents(&mut table);
    rules(&mut table)?;
    let event = event::follow("GET", &link::slug(1), 1);
    let parse = || serde_json::from_slice::<lambda_http::request::LambdaRequest>(black_box(&event));
    part(&mut table, "parsing the event as lambda_http does", nanoseconds(parse), None, "11,800");
    let event = std::str::from_utf8(&event)?;
    part(&mut table, "parsing the event as the redirect does", nanoseconds(|| api::event::request(black_box(event))), None, "-");
    whole(&mut table)?;
    first_classification(&mut table)?;
    Ok(table)
}

fn part(table: &mut Table, name: &str, (minimum, median): (f64, f64), goal: Option<f64>, floor: &str) {
    let goal_text = goal.map_or_else(|| format!("(floor {floor})"), |goal| format!("<= {goal:.0} (floor {floor})"));
    let result = goal.map_or_else(String::new, |goal| at_most(minimum, goal));
    table.metric(name, format!("{minimum:.0}; {median:.0}"), &goal_text, result);
}

fn token(table: &mut Table) -> Result<()> {
    let ring = Keyring::from_json(KEYS)?;
    let claims = CtxClaims {
        click_id: ClickId::new(NOW, 42),
        handle: link::HANDLE.parse()?,
        slug: link::slug(1).parse()?,
        campaign_id: Some("spring-2026".parse()?),
        rule: None,
        session_id: None,
        chain_position: 0,
        consent: Consent::Full,
        bot: false,
        expires_at: NOW.plus_days(30),
    };
    let sealed = ring.seal(&claims);
    let mint = nanoseconds(|| ring.seal(black_box(&claims)));
    let verify = nanoseconds(|| ring.open(black_box(&sealed), NOW));
    part(table, "context token: mint", mint, None, "1,700 both");
    part(table, "context token: verify", verify, None, "1,700 both");
    part(table, "context token: mint and verify", (mint.0 + verify.0, mint.1 + verify.1), Some(2_000.0), "1,700");
    Ok(())
}

fn agents(table: &mut Table) {
    for (name, agent) in [("a desktop browser", DESKTOP), ("a phone", MOBILE), ("a crawler", CRAWLER)] {
        let evidence = Evidence { user_agent: Some(agent), ..Evidence::default() };
        let measured = nanoseconds(|| classify(black_box(&evidence)));
        part(table, &format!("classifying bot and device: {name}"), measured, Some(800.0), "600");
    }
}

fn rules(table: &mut Table) -> Result<()> {
    // None of the twenty matches, so all are evaluated.
    let rule = |number: usize| {
        let conditions = match number % 4 {
            0 => json!({"countryIn": ["JP", "KR", "TW"]}),
            1 => json!({"deviceIn": ["TABLET"]}),
            2 => json!({"languageIn": ["es", "pt"], "countryIn": ["DE"]}),
            _ => json!({"sourceIn": ["facebook", "tiktok"]}),
        };
        json!({"priority": number, "destinationUrl": "https://shop.example.com/other", "conditions": conditions})
    };
    let rules: Vec<_> = (0..20).map(rule).collect();
    let link: Link = link::link(&link::slug(1), json!({"destinationUrl": "https://shop.example.com/", "routingRules": rules}))?;
    let (book, visit) = (PersonalizationRules::default(), visit());
    let measured = nanoseconds(|| decide(black_box(&link), &book, black_box(&visit), false, |_| {}));
    part(table, "routing: 20 rules, none matches", measured, Some(1_000.0), "-");
    Ok(())
}

fn visit() -> Visit {
    Visit {
        country: "DE".to_owned(),
        device: domain::values::device::Device::Desktop,
        source: "instagram".to_owned(),
        campaign: Some("spring-2026".to_owned()),
        referrer: "www.instagram.com".to_owned(),
        language: Some("de-DE".to_owned()),
        session_id: None,
        segments: Vec::new(),
        at: NOW,
        subject: "198.18.0.1 agent".to_owned(),
    }
}

/// The function as a service with HEAD requests: everything but the click's message.
fn whole(table: &mut Table) -> Result<()> {
    let aws = AwsStub::start()?;
    let environment = stubbed(aws.address);
    let variable = |name: &str| environment.get(name).cloned();
    let (settings, api_settings) = (Settings::read(variable)?, ApiSettings::read(variable)?);
    // The clock does not advance, so the link stays in memory.
    let app = App::new(settings, store::http_client(), Arc::new(|| NOW), runtime::start::system_entropy());
    let mut service = redirect::service(ApiState::new(app, api_settings));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let uri = format!("/{}?utm_content=hero-button", link::slug(1));
    let host = format!("{}.{}", link::HANDLE, event::DOMAIN);
    let mut status = None;
    let measured = nanoseconds(|| {
        let request = Request::builder().method("HEAD").uri(&uri).header("host", &host).header("user-agent", DESKTOP);
        let request = request.header("accept-language", "de-DE,de;q=0.9").header("referer", "https://www.instagram.com/");
        let Ok(request) = request.body(Body::Empty) else { return };
        status = runtime.block_on(service.call(request)).ok().map(|response| response.status());
    });
    anyhow::ensure!(status == Some(http::StatusCode::FOUND), "the service responded {status:?}");
    part(table, "the whole function with HEAD, without runtime, event and message", measured, None, "5,285 with parsing and JSON");
    Ok(())
}

/// The first classification in a new process, whose list of phrases is not in memory yet.
fn first_classification(table: &mut Table) -> Result<()> {
    let own = std::env::current_exe()?;
    let mut times = Vec::new();
    for _ in 0..15 {
        let output = Command::new(&own).arg("first-classification").output()?;
        times.push(String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().context("the time of a classification")?);
    }
    let minimum = times.iter().copied().fold(f64::INFINITY, f64::min);
    part(table, "classifying a user agent, first time in a process", (minimum, median(times)), Some(100_000.0), "18,000-43,000");
    Ok(())
}

/// Classifies once and prints the nanoseconds: the child process of [`first_classification`].
pub(crate) fn print_first_classification() {
    let started = Instant::now();
    black_box(classify(&Evidence { user_agent: Some(MOBILE), ..Evidence::default() }));
    println!("{}", started.elapsed().as_nanos());
}
