//! The verdicts that the kernel gives packets, held against those of the analysis.
//!
//! ```text
//! senders ──packets──▶ host:  before ──▶ the tested rules ──▶ after
//!                               │ NFLOG                         │ NFLOG
//!                               ▼                               ▼
//!                     decode ──▶ Packet ──evaluate──▶ verdicts ≟ whether it came so far
//! ```
//!
//! Nothing is foretold about a packet: what the analysis is asked about is the packet as the kernel shows it right
//! before the tested rules, with the interfaces, the mark and the state of connection tracking that it has there. So
//! nobody has to know what routing, reassembly and connection tracking make of it, and replies that the host makes
//! up are more packets to judge.

mod confirm;
mod confirmed;
mod counters;
mod decode;
mod directed;
mod flows;
mod hosts;
mod network;
mod observer;
mod packets;
mod rules;
mod run;
mod stand;
mod tally;
mod trial;
mod wanted;
mod watch;
mod way;

pub use confirm::{Effort, Suspect, confirm};
pub use confirmed::Confirmed;
pub use hosts::random_host;
pub use network::{Conntrack, Host};
pub use rules::random_rules;
pub use run::{Judged, judge};
pub use tally::Tally;
pub use way::{JudgedHost, judge_way};
