//! The jobs as commands: engines, a bar, and a summary at the end.

use std::sync::Arc;

use domain::values::moment::Moment;
use local::{
    Error,
    jobs::{Bar, Effects, Engines, Scope, export, recount, rescore},
    keys::Keys,
    wall_clock,
};

use crate::command::{ExportArgs, JobArgs};

/// Judges stored clicks again.
pub(crate) async fn rescore(args: &JobArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let scope = Scope::of(engines.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let effects = Effects { clock: Arc::new(|| Moment::from_millis(wall_clock())), entropy: runtime::start::system_entropy() };
    let mut bar = Bar::over(scope.size());
    let done = rescore::run(&scope, &effects, &mut bar).await;
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
    let mut bar = Bar::over(scope.size());
    let found = recount::run(&scope, &mut bar).await;
    bar.finish();
    let found = found?;
    println!("{} records recounted, {} counters compared\ndrift: {}", found.records, found.counters, found.drift.len());
    if found.drift.is_empty() { Ok(()) } else { Err(Error::Drift(found.drift.len())) }
}

/// Writes an export into a file.
pub(crate) async fn export(args: &ExportArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let keys = Keys::known(&args.data)?;
    let wanted = export::Wanted {
        handle: args.handle.clone(),
        from: args.from,
        to: args.to,
        campaign: args.campaign.clone(),
        kind: args.kind,
        format: args.format,
    };
    let mut draft = export::Draft::of(&args.out).map_err(Error::on(&args.out))?;
    let mut bar = Bar::over(wanted.size());
    let done = export::run(&engines.analytics(&keys)?, &keys, &wanted, &mut draft, &mut bar).await;
    bar.finish();
    let done = done?;
    draft.keep().map_err(Error::on(&args.out))?;
    println!("{} rows in {}", done.rows, args.out.display());
    Ok(())
}
