//! What is counted and reported.

pub(crate) mod analytics;
pub(crate) mod bots;
pub(crate) mod campaign_credit;
pub(crate) mod click_counting;
pub(crate) mod click_list;
pub(crate) mod demo_month;
pub(crate) mod export;
pub(crate) mod fold_model;
pub(crate) mod folding;
pub(crate) mod nightly_recount;
pub(crate) mod two_partners;
