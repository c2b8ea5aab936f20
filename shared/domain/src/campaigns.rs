//! Campaigns: what they aim at, and during which periods clicks and conversions are credited to them (specification §8).

mod body;
mod campaign;
mod credit;
mod goal;
mod health;
mod primary;
mod status;

pub use body::{CampaignChange, KEYS_OF_REPORTS, NewCampaign};
pub use campaign::{Campaign, Period};
pub use credit::{Credit, NotCredited};
pub use goal::GoalType;
pub use health::HealthStatus;
pub use primary::{Primary, PrimaryLink, Unbindable};
pub use status::{CampaignStatus, IllegalMove};

#[cfg(test)]
mod tests;
