//! The jobs as commands: engines, a bar, and a summary at the end.

use std::sync::Arc;

use domain::moment::Moment;
use local::{
    Error,
    jobs::{Bar, Engines, Scope, World, recount, rescore},
    wall_clock,
};

use crate::command::JobArgs;

/// Judges stored clicks again.
pub(crate) async fn rescore(args: &JobArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let scope = Scope::of(engines.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let world = World { clock: Arc::new(|| Moment::from_millis(wall_clock())), entropy: edge::start::system_entropy() };
    let mut bar = Bar::over(&scope);
    let done = rescore::run(&scope, &world, &mut bar).await;
    bar.finish();
    let done = done?;
    println!(
        "{} clicks judged, {} restated: {} became bots, {} became humans",
        done.clicks, done.restated, done.became_bots, done.became_humans
    );
    Ok(())
}

/// Holds the rollups against the raw records.
pub(crate) async fn recount(args: &JobArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let scope = Scope::of(engines.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let mut bar = Bar::over(&scope);
    let found = recount::run(&scope, &mut bar).await;
    bar.finish();
    let found = found?;
    println!("{} records recounted, {} counters compared\ndrift: {}", found.records, found.counters, found.drift.len());
    if found.drift.is_empty() { Ok(()) } else { Err(Error::Drift(found.drift.len())) }
}
