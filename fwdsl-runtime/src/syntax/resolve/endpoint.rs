//! Where translation goes: the parts of an endpoint, each of which may be a `let`.

use super::super::ast::{Expr, ExprKind};
use super::Resolver;
use crate::catalogue::OptionSpec;
use crate::diagnostic::Diagnostic;
use crate::expression::{Leaf, problem_at, read_addr, read_end, read_port};
use crate::loc::{Loc, Located};
use crate::model::{Endpoint, PortRange, Value};

impl Resolver<'_> {
    /// Reads an endpoint; `None` after a reported error.
    pub(super) fn resolve_endpoint(
        &mut self,
        spec: &OptionSpec,
        address: Option<&Expr>,
        ports: Option<&Expr>,
        base: Option<&Located<String>>,
    ) -> Option<Value> {
        let address_only = ports.is_none();
        let mut rust = None;
        let mut read = |expr: Option<&Expr>, part: fn(&Leaf) -> Result<Endpoint, Diagnostic>| match expr {
            None => Some(NOWHERE),
            Some(expr) => {
                let leaf = self.one_leaf(expr)?;
                if let ExprKind::Rust(number) = leaf.kind {
                    rust = Some((number, leaf.loc));
                    return Some(NOWHERE);
                }
                part(&leaf).map_err(|diagnostic| self.diagnostics.push(diagnostic)).ok()
            }
        };
        let (address, ports) = (read(address, read_addresses), read(ports, read_ports));
        if let Some((number, loc)) = rust {
            return self.rust_endpoint(spec, number, loc, address_only);
        }
        let base = match base.map(|base| (base, read_port(&base.value))) {
            None => None,
            Some((_, Ok(port))) => Some(port),
            Some((base, Err((message, help)))) => {
                self.diagnostics.push(Diagnostic::error(base.loc, message).maybe_help(help));
                return None;
            }
        };
        Some(Value::Endpoint(Endpoint { addresses: address?.addresses, ports: ports?.ports, base }))
    }

    /// A Rust value stands for addresses alone.
    fn rust_endpoint(&mut self, spec: &OptionSpec, number: usize, loc: Loc, alone: bool) -> Option<Value> {
        let place = if alone {
            self.places.of_option(number, spec, loc)
        } else {
            Err(Diagnostic::error(loc, "a Rust value as a part of an endpoint")
                .help("it stands alone, for an address or a range of them; write out what has a port"))
        };
        place.map(Value::Rust).map_err(|diagnostic| self.diagnostics.push(diagnostic)).ok()
    }

    fn one_leaf(&mut self, expr: &Expr) -> Option<Leaf> {
        let (negated, mut leaves) = self.scope.leaves(expr, self.diagnostics)?;
        if negated || leaves.len() != 1 {
            let message = "translation goes to one address or range of addresses, one port or range of ports";
            self.diagnostics.push(Diagnostic::error(expr.loc, message));
            return None;
        }
        leaves.pop()
    }
}

const NOWHERE: Endpoint = Endpoint { addresses: None, ports: None, base: None };

fn read_addresses(leaf: &Leaf) -> Result<Endpoint, Diagnostic> {
    let mut place = leaf.loc;
    let addresses = match &leaf.kind {
        ExprKind::Atom(text) | ExprKind::Text(text) if text.contains('/') => {
            let help = "translation goes to one address, or from a first to a last: `10.0.0.2..=10.0.0.9`";
            Err((format!("`{text}` is a network"), Some(help.to_owned())))
        }
        ExprKind::Atom(text) | ExprKind::Text(text) => read_addr(text).map(|addr| (addr, addr)),
        ExprKind::Range(first, last) => read_end(first, &mut place, read_addr)
            .and_then(|first| Ok((first, read_end(last, &mut place, read_addr)?))),
        _ => Err(("expected an address".to_owned(), None)),
    };
    let addresses = Some(addresses.map_err(|problem| problem_at(place, problem, leaf))?);
    Ok(Endpoint { addresses, ..NOWHERE })
}

fn read_ports(leaf: &Leaf) -> Result<Endpoint, Diagnostic> {
    let mut place = leaf.loc;
    let ports = match &leaf.kind {
        ExprKind::Atom(text) | ExprKind::Text(text) => read_port(text).map(PortRange::one),
        ExprKind::Range(first, last) => read_end(first, &mut place, read_port)
            .and_then(|first| Ok(PortRange { first, last: read_end(last, &mut place, read_port)? })),
        _ => Err(("expected a port".to_owned(), None)),
    };
    let ports = Some(ports.map_err(|problem| problem_at(place, problem, leaf))?);
    Ok(Endpoint { ports, ..NOWHERE })
}
