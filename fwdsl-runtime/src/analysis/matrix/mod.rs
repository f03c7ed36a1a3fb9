//! Who may open a service to whom: the addresses, divided into classes that a chain cannot tell apart.
//!
//! ```text
//! Ruleset ──question──▶ rules that ask for addresses ──diagram──▶ Relation ──partition──▶ Matrix ──▶ text · DOT · SVG
//! ```
//!
//! It is about the first packet of a connection: of state `new`, whole, for TCP with SYN alone, from an unprivileged
//! port. What the packet has is settled before the diagram is made, so that the rules that are left ask for addresses
//! and little else.
//!
//! The answer is what *may* be: a match that is not modelled may match, and at each rule anew. The same goes for what
//! the question leaves open, interfaces and the like, unless it asks for [`Open::PerPacket`].

mod dot;
mod members;
mod partition;
mod question;
mod relation;
mod service;
mod sources;
mod svg;
mod text;

use std::fmt;
use std::net::IpAddr;

pub use question::{MatrixError, Open, Question};
pub use service::{Service, ServiceError};
pub use sources::{Sources, sources};

use super::region::Span;
use crate::family::Family;
use crate::lower::Ruleset;
use crate::model::{Address, from_bits, to_bits, width};
use crate::table::TableName;
use members::{class_name, range};
use partition::{Partition, partition};

/// Who may open a service to whom.
///
/// Printed, it is a text for people: the classes, and a matrix or, if there are many classes, a list.
#[derive(Debug)]
pub struct Matrix {
    family: Family,
    table: TableName,
    chain: String,
    service: Service,
    classes: Vec<Class>,
    partition: Partition,
}

/// Addresses that the chain cannot tell apart: none of them may open the service where another may not, and to none of
/// them may it be opened where it may not to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    name: String,
    members: Vec<Address>,
}

/// Divides the addresses of the rules' family into the fewest classes that answer the question.
///
/// # Errors
/// If there is no such chain, or the rules are such that the answer takes too long.
pub fn matrix(ruleset: &Ruleset, question: &Question<'_>) -> Result<Matrix, MatrixError> {
    let last = u128::MAX >> (128 - width(ruleset.family));
    let partition = partition(&relation::relation(ruleset, question)?, last);
    let largest = (0..partition.classes.len()).max_by_key(|at| size(&partition.classes[*at].members));
    let classes = partition.classes.iter().enumerate().map(|(at, part)| {
        let members: Vec<Address> = part.members.iter().map(|span| range(ruleset.family, *span)).collect();
        Class { name: class_name(&members, Some(at) == largest), members }
    });
    Ok(Matrix {
        family: ruleset.family,
        table: question.table,
        chain: question.chain.to_owned(),
        service: question.service,
        classes: classes.collect(),
        partition,
    })
}

/// How many addresses there are, or one less where they are all of IPv6.
fn size(members: &[Span]) -> u128 {
    members.iter().fold(0, |size: u128, span| size.saturating_add(span.last - span.first).saturating_add(1))
}

impl Matrix {
    /// The family of the addresses.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The table.
    pub const fn table(&self) -> TableName {
        self.table
    }

    /// The chain.
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The service.
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The classes, in the order of their lowest addresses. Together they are all addresses.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The place of the class that an address belongs to; `None` if it is of the other family.
    pub fn class_of(&self, address: IpAddr) -> Option<usize> {
        let number = to_bits(address);
        let holds = |span: &Span| span.holds(number);
        let mut parts = self.partition.classes.iter();
        if crate::model::family_of(address) == self.family {
            parts.position(|part| part.members.iter().any(holds))
        } else {
            None
        }
    }

    /// Whether addresses of one class may open the service to addresses of another, by their places in
    /// [`Matrix::classes`].
    ///
    /// # Panics
    /// If there is no such class.
    pub fn allows(&self, from: usize, to: usize) -> bool {
        self.partition.allows(from, to)
    }

    /// All pairs of classes, each with itself among them, of which the first may open the service to the second.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let places = 0..self.classes.len();
        let pairs = places.clone().flat_map(move |from| places.clone().map(move |to| (from, to)));
        pairs.filter(|(from, to)| self.allows(*from, *to))
    }

    /// The number of [edges](Matrix::edges).
    pub fn edge_count(&self) -> usize {
        self.edges().count()
    }

    /// What it is about, in a few words.
    fn title(&self) -> String {
        let Matrix { family, table, chain, service, .. } = self;
        format!("New connections to {service} through {chain} of {} ({family})", table.name())
    }

    /// The numbers, in a few words.
    fn counts(&self) -> String {
        let plural =
            |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        let classes = plural(self.classes.len(), "class of addresses", "classes of addresses");
        format!("{classes}, {}", plural(self.edge_count(), "edge", "edges"))
    }

    /// A graph in the DOT language of Graphviz: a node for each class, an edge for each pair of which the first may open
    /// the service to the second.
    pub fn dot(&self) -> String {
        dot::dot(self)
    }

    /// A drawing: a square for each pair of classes, filled if the class of its row may open the service to that of
    /// its column.
    pub fn svg(&self) -> String {
        svg::svg(self)
    }
}

impl Class {
    /// A short name, of this class alone: its first network, or `others` for what is left.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its addresses: networks and ranges, in order, that do not touch. There are some.
    pub fn members(&self) -> &[Address] {
        &self.members
    }

    /// The first and the last address of each of its ranges.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        self.members.iter().map(|member| {
            let (family, (first, last)) = (member.family(), member.bounds());
            (from_bits(family, first), from_bits(family, last))
        })
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_text(self, f)
    }
}
