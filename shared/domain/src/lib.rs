//! What is true: the rules of tracked links, pure and synchronous.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or knows HTTP or AWS: time, randomness and
//! settings come in as arguments, decisions go out as enums. Read in the order of the modules below.

pub mod form;
pub mod id;
pub mod moment;
pub mod name;
mod schema;

pub mod account;
pub mod agent;
pub mod destination;
pub mod link;
pub mod password;
pub mod routing;
pub mod visit;
pub mod webhook;

pub mod audit;
pub mod book;
pub mod burst;
pub mod campaign;
pub mod chain;
pub mod click;
pub mod confidence;
pub mod conversion;
pub mod ctx;
pub mod explain;
pub mod ledger;
pub mod money;
pub mod rollup;
pub mod secret;
pub mod spreadsheet;
pub mod token;
