//! The programs of the workspace: their names, and where cargo builds them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

/// The functions of the template, as their programs are named.
pub const FUNCTIONS: [&str; 14] = [
    "redirect",
    "links",
    "campaigns",
    "attribution",
    "analytics",
    "chain",
    "webhooks",
    "accounts",
    "console",
    "click-worker",
    "event-worker",
    "delivery-worker",
    "sweeper",
    "recounter",
];

/// The functions that serve pages to browsers and are no part of the API: they are not in its document, have settings of their own, and
/// may use neither table nor queues nor keys.
pub const PAGES: [&str; 1] = ["console"];

/// Builds the programs of these packages as `cargo build` does and returns where they are, so that `cargo test` alone suffices.
pub async fn programs(packages: &[&str]) -> BTreeMap<String, PathBuf> {
    let mut build = Command::new(env!("CARGO"));
    // Beside the tests, so that every dependency has the features it was just built with and none is built again.
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).args([
        "build",
        "--workspace",
        "--bins",
        "--tests",
        "--message-format=json-render-diagnostics",
    ]);
    // What cargo sets for this test is not for the programs: build scripts that name such a variable would run again, and all crates that
    // depend on theirs be built again, here and in the next build outside of tests.
    let is_of_this_test = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "LD_LIBRARY_PATH";
    for (name, _) in std::env::vars().filter(|(name, _)| is_of_this_test(name)) {
        build.env_remove(name);
    }
    let built = build.output().await.expect("cargo");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = built.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let programs = messages.filter(|message| message["profile"]["test"] == false);
    let built =
        programs.filter_map(|message| Some((message["target"]["name"].as_str()?.to_owned(), message["executable"].as_str()?.into())));
    let programs: BTreeMap<String, PathBuf> = built.collect();
    assert!(packages.iter().all(|package| programs.contains_key(*package)), "{programs:?}");
    programs
}
