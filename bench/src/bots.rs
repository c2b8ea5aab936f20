//! The recogniser on lists of agents whose nature is known: how many bots it finds, how many people it accuses, and its time.
//!
//! The lists in the repository are small and chosen to be hard. When `.ci/replay` has been here, the packages it installed
//! lie beside the build and are measured too: crawlers as they are collected, people's agents by how often they occur.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use domain::clicks::agent::{ClickVerdict, Evidence, classify};
use serde_json::Value;

use crate::programs::{folder, workspace};
use crate::table::Table;

/// An agent and how often it occurs.
type Agent = (String, f64);

/// Measures and prints.
pub(crate) fn print() -> Result<()> {
    domain::clicks::agent::load();
    let mut table = Table::new("Recognising bots", &["agents", "how many", "judged a bot's", "of all that occur", "ns each"]);
    let data = workspace().join("shared/domain/data");
    row(&mut table, "bots of the repository's list", &listed(&data.join("known-bots.txt"))?);
    row(&mut table, "browsers of apps, of the repository's list", &listed(&data.join("in-app-browsers.txt"))?);
    match installed() {
        Some(modules) => {
            row(&mut table, "crawlers of crawler-user-agents", &crawlers(&modules)?);
            row(&mut table, "people of user-agents", &people(&modules)?);
        }
        None => table.remark("Run .ci/replay once to measure crawler-user-agents and user-agents too."),
    }
    table.remark("Of bots the share judged a bot's is the recall, of people it is the false positives.");
    table.print();
    Ok(())
}

fn row(table: &mut Table, name: &str, agents: &[Agent]) {
    let is_bot = |agent: &str| classify(&Evidence { user_agent: Some(agent), ..Evidence::default() }).verdict() == ClickVerdict::Bot;
    let bots: Vec<&Agent> = agents.iter().filter(|(agent, _)| is_bot(agent)).collect();
    let weight = |agents: f64, of: f64| if of > 0.0 { 100.0 * agents / of } else { 0.0 };
    let occurring = weight(bots.iter().map(|(_, weight)| weight).sum(), agents.iter().map(|(_, weight)| weight).sum());
    table.row([
        name.to_owned(),
        agents.len().to_string(),
        format!("{} ({:.2} %)", bots.len(), weight(bots.len() as f64, agents.len() as f64)),
        format!("{occurring:.3} %"),
        format!("{:.0}", least_ns(agents, is_bot)),
    ]);
}

/// Nanoseconds an agent takes: the least of some passes over all of them.
fn least_ns(agents: &[Agent], judged: impl Fn(&str) -> bool) -> f64 {
    let passes = (0..15).map(|_| {
        let started = Instant::now();
        for (agent, _) in agents {
            black_box(judged(black_box(agent)));
        }
        started.elapsed().as_secs_f64() * 1e9 / agents.len().max(1) as f64
    });
    passes.fold(f64::INFINITY, f64::min)
}

/// The agents of a list of the repository: an expectation, a space and an agent a line.
fn listed(path: &PathBuf) -> Result<Vec<Agent>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.filter_map(|line| Some((line.split_once(' ')?.1.to_owned(), 1.0))).collect())
}

/// Where `.ci/replay` has put its packages, if it has.
fn installed() -> Option<PathBuf> {
    let modules = folder().ok()?.parent()?.join("replay/node_modules");
    modules.is_dir().then_some(modules)
}

fn read(path: PathBuf) -> Result<Vec<Value>> {
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn crawlers(modules: &std::path::Path) -> Result<Vec<Agent>> {
    let crawlers = read(modules.join("crawler-user-agents/crawler-user-agents.json"))?;
    let instances = crawlers.iter().filter_map(|crawler| crawler.get("instances")?.as_array()).flatten();
    Ok(instances.filter_map(|agent| Some((agent.as_str()?.to_owned(), 1.0))).collect())
}

fn people(modules: &std::path::Path) -> Result<Vec<Agent>> {
    let people = read(modules.join("user-agents/dist/user-agents.json"))?;
    let agent = |person: &Value| Some((person.get("userAgent")?.as_str()?.to_owned(), person.get("weight")?.as_f64()?));
    Ok(people.iter().filter_map(agent).collect())
}
