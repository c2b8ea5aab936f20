//! The answer to a submitted conversion, and the record of a repeated submission.

use api::ApiState;
use axum::Json;
use domain::conversions::Conversion;
use domain::conversions::explain::ConversionAttempt;
use domain::values::id::ConversionId;
use serde::Serialize;

use crate::view::ConversionView;

/// The result of a submitted conversion.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// Always true: the conversion is stored.
    accepted: bool,
    /// True if the key was already used; the response describes the existing conversion.
    deduped: bool,
    #[serde(flatten)]
    conversion: ConversionView,
    /// Whether it is a test conversion.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    test: bool,
    /// The fields in which a repeated submission differs from the first one, which is unchanged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mismatch: Vec<&'static str>,
    /// The fields that this confirmation with the handle's own token corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    corrected: Vec<&'static str>,
}

impl Receipt {
    /// For a conversion accepted for the first time.
    pub(crate) fn accepted(conversion: &Conversion) -> Json<Submitted> {
        Self::of(conversion, false).submitted()
    }

    /// For a repeated submission: the first one's conversion, and the fields in which they differ.
    pub(crate) fn repeated(first: &Conversion, mismatch: Vec<&'static str>) -> Json<Submitted> {
        Self { mismatch, ..Self::of(first, true) }.submitted()
    }

    /// For a conversion that the handle's own token has just confirmed.
    pub(crate) fn corrected(conversion: &Conversion, corrected: Vec<&'static str>) -> Json<Submitted> {
        Self { corrected, ..Self::of(conversion, true) }.submitted()
    }

    fn submitted(self) -> Json<Submitted> {
        Json(Submitted::Receipt(Box::new(self)))
    }

    fn of(conversion: &Conversion, deduped: bool) -> Self {
        let (mismatch, corrected) = (Vec::new(), Vec::new());
        Self { accepted: true, deduped, conversion: ConversionView::of(conversion), test: conversion.test, mismatch, corrected }
    }
}

/// The answer to a key that holds a conversion of another click: the sender may have guessed the key, and learns nothing of that
/// conversion but that it exists.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = KeyTakenReceipt)]
pub(crate) struct KeyTaken {
    /// Always true: the key's conversion is stored.
    accepted: bool,
    /// Always true: the key was already used, with another click.
    deduped: bool,
    conversion_id: ConversionId,
}

/// The answer to a submission.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = SubmissionReceipt)]
pub(crate) enum Submitted {
    /// The conversion.
    Receipt(Box<Receipt>),
    /// The conversion of another click.
    KeyTaken(KeyTaken),
}

impl Submitted {
    /// For a key that holds the conversion of another click.
    pub(crate) fn by_another_click(first: &Conversion) -> Json<Self> {
        Json(Self::KeyTaken(KeyTaken { accepted: true, deduped: true, conversion_id: first.id }))
    }
}

/// Records a later submission of the conversion's key for its explanation. Best effort: a failure is logged, not returned.
pub(crate) async fn record_attempt(app: &ApiState, first: &Conversion, attempt: &ConversionAttempt) {
    if let Err(error) = app.store().conversions().record_repeat(&first.handle, first.id, attempt).await {
        tracing::warn!(error = &error as &dyn std::error::Error, conversion.id = %first.id, "attempt could not be recorded");
    }
}
