//! The sweeper: every minute, whatever a crash or a lost message left behind is announced again.

use edge::App;
use store::{Pointer, table};

/// Entries of one shard looked at in one run; the rest waits for the next minute.
const MOST: i32 = 200;

/// Looks through every shard of the `due` index. Running it twice at once only announces twice, which changes nothing.
pub async fn sweep(app: App) {
    for shard in 0..table::DUE_SHARDS {
        match app.store().overdue(shard, app.now(), MOST).await {
            Ok(pointers) => {
                for pointer in pointers {
                    if let Err(error) = send_again(&app, &pointer).await {
                        tracing::warn!(item.pk = %pointer.pk, error = &error as &dyn std::error::Error, "overdue item could not be announced");
                    }
                }
            }
            Err(error) => tracing::error!(shard, error = &error as &dyn std::error::Error, "shard could not be swept"),
        }
    }
}

async fn send_again(app: &App, pointer: &Pointer) -> store::Result<()> {
    if !pointer.is_parked_click() {
        return app.store().announce(pointer).await;
    }
    if let Some(click) = app.store().parked_click(pointer).await? {
        app.store().send_click(&click).await?;
        app.store().unpark_click(pointer).await?;
    }
    Ok(())
}
