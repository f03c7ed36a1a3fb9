//! Cases for constructs of the language: what a policy does to real packets, on both variants and in
//! both families.
//!
//! ```text
//! Case ──compile · lower · emit──▶ text with counting rules ──▶ host ◀──packets── peer
//!   │                                                            │
//!   └──────── what each packet meets: chains, fate, answer ◀─────┘ counters
//! ```
//!
//! Each packet has a length of its own, by which rules count it: at the top of each chain that the policy
//! names, and behind the place that decides about it. So nothing depends on the order of packets.

mod answers;
pub mod case;
pub mod network;
pub mod probe;
pub mod report;
pub mod run;
