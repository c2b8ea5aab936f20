//! The bot classifier on lists of user agents of known nature: recall on bots, false positives on people, and its time.
//!
//! The lists in the repository are small and hard. If `.ci/replay` has run, the packages it installed beside the build are
//! measured too: collected crawlers, browsers and apps, and browsers weighted by how often they occur.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use domain::clicks::agent::{ClickVerdict, Evidence, classify};
use serde_json::Value;

use crate::programs::{folder, workspace};
use crate::table::Table;

/// A user agent and its weight.
type Agent = (String, f64);

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let mut table =
        Table::new("Classification of bots", &["user agents", "count", "classified as bots", "weighted by occurrence", "ns each"]);
    let data = workspace().join("shared/domain/data");
    row(&mut table, "bots, the repository's list", &listed(&data.join("known-bots.txt"))?);
    row(&mut table, "in-app browsers, the repository's list", &listed(&data.join("in-app-browsers.txt"))?);
    match installed() {
        Some(modules) => {
            for (name, agents) in corpora(&modules)? {
                row(&mut table, &name, &agents);
            }
            row(&mut table, "people, user-agents", &people(&modules)?);
        }
        None => table.remark("Run .ci/replay once to measure the lists of its packages too."),
    }
    table.remark("The share classified as bots is the recall for bots and the false-positive rate for people.");
    Ok(vec![table])
}

fn row(table: &mut Table, name: &str, agents: &[Agent]) {
    let is_bot = |agent: &str| classify(&Evidence { user_agent: Some(agent), ..Evidence::default() }).verdict() == ClickVerdict::Bot;
    let bots: Vec<&Agent> = agents.iter().filter(|(agent, _)| is_bot(agent)).collect();
    let percent = |agents: f64, of: f64| if of > 0.0 { 100.0 * agents / of } else { 0.0 };
    let occurring = percent(bots.iter().map(|(_, weight)| weight).sum(), agents.iter().map(|(_, weight)| weight).sum());
    table.row([
        name.to_owned(),
        agents.len().to_string(),
        format!("{} ({:.2} %)", bots.len(), percent(bots.len() as f64, agents.len() as f64)),
        format!("{occurring:.3} %"),
        format!("{:.0}", min_ns(agents, is_bot)),
    ]);
}

/// Nanoseconds per user agent: the minimum of 15 passes over all of them.
fn min_ns(agents: &[Agent], classify: impl Fn(&str) -> bool) -> f64 {
    let passes = (0..15).map(|_| {
        let started = Instant::now();
        for (agent, _) in agents {
            black_box(classify(black_box(agent)));
        }
        started.elapsed().as_secs_f64() * 1e9 / agents.len().max(1) as f64
    });
    passes.fold(f64::INFINITY, f64::min)
}

/// A list of the repository: per line an expectation, a space and a user agent.
fn listed(path: &PathBuf) -> Result<Vec<Agent>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.filter_map(|line| Some((line.split_once(' ')?.1.to_owned(), 1.0))).collect())
}

/// The packages of `.ci/replay`, if it has run.
fn installed() -> Option<PathBuf> {
    let modules = folder().ok()?.parent()?.join("replay/node_modules");
    modules.is_dir().then_some(modules)
}

fn read(path: PathBuf) -> Result<Vec<Value>> {
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// The lists that `.ci/replay` has made of its packages, by name.
fn corpora(modules: &std::path::Path) -> Result<Vec<(String, Vec<Agent>)>> {
    let corpora = read(modules.with_file_name("corpora.json"))?;
    let list = |corpus: &Value| {
        let agents = corpus.get("agents")?.as_array()?.iter();
        Some((corpus.get("name")?.as_str()?.to_owned(), agents.filter_map(|agent| Some((agent.as_str()?.to_owned(), 1.0))).collect()))
    };
    Ok(corpora.iter().filter_map(list).collect())
}

fn people(modules: &std::path::Path) -> Result<Vec<Agent>> {
    let people = read(modules.join("user-agents/dist/user-agents.json"))?;
    let agent = |person: &Value| Some((person.get("userAgent")?.as_str()?.to_owned(), person.get("weight")?.as_f64()?));
    Ok(people.iter().filter_map(agent).collect())
}
