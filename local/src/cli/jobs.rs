//! The jobs as commands: opens the engines, shows the progress, prints a summary.

use std::sync::Arc;

use domain::values::moment::Moment;
use local::{
    Error,
    jobs::{Effects, JobData, JobScope, TerminalProgress, dead_letters, export, outbox, recount, rescore, trace},
    wall_clock,
};

use super::args::{DeadLettersArgs, ExportArgs, JobArgs, OutboxArgs, TraceArgs};

/// Re-classifies stored clicks.
///
/// # Errors
/// When there is no data, or the job fails.
pub(super) async fn rescore(args: &JobArgs) -> Result<(), Error> {
    let data = JobData::open(&args.place.place()).await?;
    let scope = JobScope::of(data.store.clone(), args.handle.clone(), args.from, args.to).await?;
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
    let data = JobData::open(&args.place.place()).await?;
    let scope = JobScope::of(data.store.clone(), args.handle.clone(), args.from, args.to).await?;
    let mut progress = TerminalProgress::new(scope.size());
    let found = recount::run(&scope, &mut progress).await;
    progress.finish();
    let found = found?;
    println!("{} records recounted, {} counters compared", found.records, found.counters);
    let now = Moment::from_millis(wall_clock());
    match found.oldest_uncounted {
        Some(oldest) => {
            println!("accepted and not counted: {}, the oldest for {} s", found.uncounted, (now.millis() - oldest.millis()) / 1000)
        }
        None => println!("accepted and not counted: 0"),
    }
    println!("drift: {}", found.drift.len());
    match found.overdue_ms(now) {
        _ if !found.drift.is_empty() => Err(Error::Drift(found.drift.len())),
        Some(waited_ms) => Err(Error::Uncounted { records: found.uncounted, minutes: waited_ms / 60_000 }),
        None => Ok(()),
    }
}

/// Prints the way of a conversion.
///
/// # Errors
/// When there is no data, the table cannot be read, or no handle has such a conversion.
pub(super) async fn trace(args: &TraceArgs) -> Result<(), Error> {
    let data = JobData::open(&args.place.place()).await?;
    let now = Moment::from_millis(wall_clock());
    let steps = trace::run(&data.store, args.handle.as_ref(), args.id, now).await?;
    for step in steps {
        println!("{:24}  {}", step.at.map(|at| at.to_string()).unwrap_or_default(), step.what);
    }
    Ok(())
}

/// Lists the entries of the outbox that are set aside, or retries or drops them.
///
/// # Errors
/// When there is no data, the table cannot be read or written, or no entry has the key to drop.
pub(super) async fn outbox(args: &OutboxArgs) -> Result<(), Error> {
    let data = JobData::open(&args.place.place()).await?;
    if let Some(pk) = &args.drop {
        outbox::drop_one(&data.store, pk).await?;
        println!("dropped {pk}");
        return Ok(());
    }
    let entries = outbox::list(&data.store).await?;
    for entry in &entries {
        println!("{} {} (announced {} times)", entry.pk, entry.sk, entry.announced);
    }
    if args.retry {
        outbox::retry(&data.store, &entries, Moment::from_millis(wall_clock())).await?;
    }
    println!("{} {}", entries.len(), if args.retry { "given back to the sweeper" } else { "set aside" });
    Ok(())
}

/// Counts the dead letters of every queue, or shows or moves back those of one.
///
/// # Errors
/// When there is no data, no such queue, or SQS is unavailable.
pub(super) async fn dead_letters(args: &DeadLettersArgs) -> Result<(), Error> {
    let data = JobData::open(&args.place.place()).await?;
    let queues = data.dead_letters(args.stack.clone()).await?;
    if let Some(name) = &args.redrive {
        let redriven = dead_letters::named(&queues, name)?.redrive().await?;
        println!("{} moved back to {name}", redriven.moved);
        return if redriven.refused == 0 { Ok(()) } else { Err(Error::NotRedriven(redriven.refused)) };
    }
    if let Some(name) = &args.show {
        let shown = dead_letters::named(&queues, name)?.show().await?;
        for letter in &shown {
            println!("{:24}  {}  {}", letter.sent_at.map(|at| at.to_string()).unwrap_or_default(), letter.id, letter.body);
        }
        println!("{} shown", shown.len());
        return Ok(());
    }
    for queue in &queues {
        let count = queue.count().await?;
        println!(
            "{:12}  {}{}",
            queue.name,
            count.visible,
            if count.hidden == 0 { String::new() } else { format!(" and {} in use", count.hidden) }
        );
    }
    Ok(())
}

/// Writes an export to a file.
///
/// # Errors
/// When there is no data, the API refuses, or the file cannot be written.
pub(super) async fn export(args: &ExportArgs) -> Result<(), Error> {
    let data = JobData::open(&args.place.place()).await?;
    let (analytics, keys) = data.analytics()?;
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
    let result = export::run(&analytics, &keys, &request, &mut file, &mut progress).await;
    progress.finish();
    let result = result?;
    file.finish().map_err(Error::on(&args.out))?;
    println!("{} rows in {}", result.rows, args.out.display());
    Ok(())
}
