//! Values that everything else is made of: each is parsed once, where it enters, and is valid from then on.

pub(crate) mod decimal;
pub mod destination;
pub mod device;
pub mod form;
pub mod id;
pub mod moment;
pub mod money;
pub mod name;
pub mod password;
pub mod schema;
pub mod secret;
pub mod spreadsheet;
pub(crate) mod web_address;
pub mod zone;
