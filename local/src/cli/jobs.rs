//! The jobs as commands: opens the engines, shows the progress, prints a summary.

use std::sync::Arc;

use domain::values::moment::Moment;
use local::{
    Error,
    jobs::{Effects, Engines, JobScope, TerminalProgress, export, recount, rescore},
    keys::Keys,
    wall_clock,
};

use super::args::{ExportArgs, JobArgs};

/// Re-classifies stored clicks.
///
/// # Errors
/// When there is no data, or the job fails.
pub(super) async fn rescore(args: &JobArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let scope = JobScope::of(engines.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let effects = Effects { clock: Arc::new(|| Moment::from_millis(wall_clock())), entropy: runtime::start::system_entropy() };
    let mut progress = TerminalProgress::new(scope.size());
    let result = rescore::run(&scope, &effects, &mut progress).await;
    progress.finish();
    let result = result?;
    println!(
        "{} clicks classified, {} changed: {} became bots, {} became humans",
        result.clicks, result.restated, result.became_bots, result.became_humans
    );
    Ok(())
}

/// Compares the rollups with the raw records.
///
/// # Errors
/// When there is no data, the job fails, or a counter differs.
pub(super) async fn recount(args: &JobArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let scope = JobScope::of(engines.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let mut progress = TerminalProgress::new(scope.size());
    let found = recount::run(&scope, &mut progress).await;
    progress.finish();
    let found = found?;
    println!("{} records recounted, {} counters compared\ndrift: {}", found.records, found.counters, found.drift.len());
    if found.drift.is_empty() { Ok(()) } else { Err(Error::Drift(found.drift.len())) }
}

/// Writes an export to a file.
///
/// # Errors
/// When there is no data, the API refuses, or the file cannot be written.
pub(super) async fn export(args: &ExportArgs) -> Result<(), Error> {
    let engines = Engines::of(&args.data).await?;
    let keys = Keys::known(&args.data)?;
    let request = export::ExportRequest {
        handle: args.handle.clone(),
        from: args.from,
        to: args.to,
        campaign: args.campaign.clone(),
        kind: args.kind,
        format: args.format,
    };
    let mut file = export::PartialFile::create(&args.out).map_err(Error::on(&args.out))?;
    let mut progress = TerminalProgress::new(request.days());
    let result = export::run(&engines.analytics(&keys)?, &keys, &request, &mut file, &mut progress).await;
    progress.finish();
    let result = result?;
    file.finish().map_err(Error::on(&args.out))?;
    println!("{} rows in {}", result.rows, args.out.display());
    Ok(())
}
