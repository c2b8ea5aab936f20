//! Recording a click, before or after the answer: on the queue, else parked in the table, else in the log.

use api::{AfterAnswer, AnswerFirst, ApiState};
use domain::clicks::agent::CLASSIFIER_VERSION;
use domain::clicks::ctx::Consent;
use domain::clicks::{Click, truncated_address};
use store::invocation::{Metric, measure};

use crate::followed::Followed;

/// The click as it is stored.
pub(crate) fn of(followed: Followed<'_>) -> Click {
    let Followed { link, matched, visit, facts, keys, click_id, .. } = followed;
    let address = keys.filter(|_| facts.consent != Consent::Denied).map(|keys| {
        let day = visit.at.day().compact();
        let tag = keys.address.tag(&[day.as_bytes(), &truncated_address(facts.viewer.ip)]);
        domain::values::secret::hex(tag.first_chunk::<8>().unwrap_or(&[0; 8]))
    });
    Click {
        id: click_id,
        handle: link.handle.clone(),
        slug: link.slug.clone(),
        link_version: link.version,
        campaign_id: link.settings.campaign_id.clone(),
        bot: !facts.classification.reasons.is_empty(),
        reasons: facts.classification.reasons.codes(),
        classifier: CLASSIFIER_VERSION,
        country: visit.country,
        device: visit.device.as_str().to_owned(),
        source: visit.source,
        referrer: visit.referrer,
        campaign: visit.campaign,
        language: visit.language,
        session_id: visit.session_id,
        segments: visit.segments,
        rule: matched.label(),
        consent: facts.consent,
        address,
        user_agent: facts.user_agent.map(str::to_owned),
        purpose: facts.purpose.map(str::to_owned),
        no_accept_language: facts.no_accept_language,
        instant_conversion: false,
        erased: false,
    }
}

/// Records a click before the visitor is answered; afterwards where the deployment has it so for this link and the request can leave work
/// for then, as it can on Lambda only.
pub(crate) async fn record(app: &ApiState, after: Option<&AfterAnswer>, click: Click) {
    let may_follow = match app.settings().answer_first {
        AnswerFirst::Never => false,
        AnswerFirst::WithoutCampaign => click.campaign_id.is_none(),
        AnswerFirst::Always => true,
    };
    match after.filter(|_| may_follow) {
        Some(after) => {
            let app = app.clone();
            after.defer(async move { queue(&app, &click).await });
        }
        None => queue(app, &click).await,
    }
}

/// Queues a click; when the queue cannot be reached it is parked in the table for the sweeper, and failing that logged without what is personal.
async fn queue(app: &ApiState, click: &Click) {
    let started = app.now();
    let sent = app.store().clicks().send(click, started).await;
    // Ignored after the answer: no visitor waits for it then.
    measure(Metric::ClickSend, app.now().millis() - started.millis());
    let Err(error) = sent else { return };
    tracing::warn!(
        metric = "click_enqueue_failed",
        click.id = %click.id,
        error = &error as &dyn std::error::Error,
        "click could not be queued"
    );
    if let Err(error) = app.store().clicks().park(click, app.now()).await {
        // Log lines are kept for long and are not erased: what is personal does not get there.
        let click = serde_json::to_string(&click.erased()).unwrap_or_default();
        tracing::error!(metric = "click_park_failed", %click, error = &error as &dyn std::error::Error, "click is only in this log line");
    }
}
