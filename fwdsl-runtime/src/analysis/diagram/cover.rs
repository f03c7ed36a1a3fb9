//! Sets as unions of few products, which may overlap.

use super::space::{Branches, Field, Level, Space};
use super::store::{ALL, Diagram, Exhausted, NONE, Node};
use crate::analysis::region::{Axis, Choice, Span, intersection, union};

/// A product of one set of numbers for each axis that is not free, from the top.
pub(in crate::analysis) type Product = Vec<(Level, Vec<Span>)>;

/// The fields from the one that is freed first. What people ask first of a packet is given up last.
const FREED_FIRST: [Field; 14] = [
    Field::Choice(Choice::PacketType),
    Field::Choice(Choice::Mark),
    Field::Choice(Choice::Status),
    Field::Choice(Choice::Fragment),
    Field::Choice(Choice::TcpFlags),
    Field::Axis(Axis::Icmp),
    Field::Axis(Axis::SourcePort),
    Field::Axis(Axis::Out),
    Field::Axis(Axis::In),
    Field::Choice(Choice::Tracking),
    Field::Axis(Axis::DestinationPort),
    Field::Axis(Axis::Destination),
    Field::Axis(Axis::Source),
    Field::Axis(Axis::Protocol),
];

/// Which numbers of an axis a product may be widened to, for what else it asks.
pub(in crate::analysis) type MayBe<'a> = &'a dyn Fn(&Product, Level) -> Option<Vec<Span>>;

impl Diagram {
    /// Products whose union is a set, as far as it is within `of`: what is outside of that may be in them or not. Each
    /// is as wide as it can be, and none is covered by the others. There are no more than `most`; the second is whether
    /// they are all.
    pub(in crate::analysis) fn cover(
        &mut self,
        set: Node,
        of: Node,
        space: &Space,
        may_be: MayBe<'_>,
        most: usize,
    ) -> Result<(Vec<Product>, bool), Exhausted> {
        let outside = self.not(of)?;
        let allowed = self.or(set, outside)?;
        let wanted = self.and(set, of)?;
        let (mut products, mut nodes) = (Vec::new(), Vec::new());
        let mut rest = wanted;
        while rest != NONE && products.len() < most {
            let mut product = self.widest_path(rest, space);
            self.widen(&mut product, allowed, space, may_be)?;
            let node = space.product(self, &product);
            rest = self.without(rest, node)?;
            nodes.push(node);
            products.push(product);
        }
        // Those that came later may cover an earlier one together.
        let mut place = 0;
        while rest == NONE && place < products.len() {
            let mut others = nodes.clone();
            let own = others.remove(place);
            let others = self.or_all(&others)?;
            let own = self.and(own, wanted)?;
            if self.without(own, others)? == NONE {
                products.remove(place);
                nodes.remove(place);
            } else {
                place += 1;
            }
        }
        Ok((products, rest == NONE))
    }

    /// One path to what a set holds, at each node along the edges with the most numbers.
    fn widest_path(&self, set: Node, space: &Space) -> Product {
        let (mut node, mut product) = (set, Product::new());
        while let Some(level) = self.axis(node) {
            let size = |spans: &[Span]| -> u128 {
                spans.iter().fold(0, |sum, span| sum.saturating_add(span.last - span.first))
            };
            let branches = self.branches(node, space).into_iter().filter(|(child, _)| *child != NONE);
            let Some((child, spans)) = branches.max_by_key(|(_, spans)| (size(spans), spans.len())) else {
                break;
            };
            product.push((level, spans));
            node = child;
        }
        product
    }

    /// Widens a product on one axis after another as far as it stays within a set.
    fn widen(
        &mut self,
        product: &mut Product,
        within: Node,
        space: &Space,
        may_be: MayBe<'_>,
    ) -> Result<(), Exhausted> {
        let mut levels: Vec<Level> = product.iter().map(|(level, _)| *level).collect();
        let rank = |level: &Level| FREED_FIRST.iter().position(|field| *field == level.field());
        // Atoms have no rank, and so come first.
        levels.sort_by_key(|level| (rank(level), std::cmp::Reverse(*level)));
        for level in levels {
            let Some(place) = product.iter().position(|(other, _)| *other == level) else { continue };
            let (_, old) = product.remove(place);
            let wide = space.product(self, product);
            let bad = self.without(wide, within)?;
            let bad = self.forget(bad, &|other| other != level)?;
            let mut good = self.numbers_without(bad, space, level);
            if let Some(may_be) = may_be(product, level) {
                let may_be = union([may_be, old].concat());
                good = intersection(&good, &may_be).to_vec();
            }
            let everything = [Span { first: 0, last: space.last(level) }];
            if good != everything {
                product.insert(place, (level, good));
            }
        }
        Ok(())
    }

    /// The numbers of the axis that are not in a set that looks at that axis alone.
    fn numbers_without(&self, set: Node, space: &Space, level: Level) -> Vec<Span> {
        if set == NONE {
            return vec![Span { first: 0, last: space.last(level) }];
        }
        let branches = if self.axis(set).is_some() { self.branches(set, space) } else { Vec::new() };
        { branches }.into_iter().find(|(child, _)| *child == NONE).map(|(_, spans)| spans).unwrap_or_default()
    }
}

impl Space {
    /// The packets of a product.
    pub(in crate::analysis) fn product(&self, diagram: &mut Diagram, product: &Product) -> Node {
        let mut inside = ALL;
        for (level, spans) in product.iter().rev() {
            inside = self.cut(diagram, *level, spans, Branches { inside, outside: NONE });
        }
        inside
    }
}
