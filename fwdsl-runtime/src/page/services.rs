//! Who may open which service, address by address: a matrix for what is for this host, and one for each service that is
//! routed through.

use super::html::Html;
use super::view::{View, count};
use crate::analysis::{Matrix, Question, Service, Sources, matrix, sources};
use crate::catalogue::{PORT_PROTOCOLS, ValueKind};
use crate::family::Family;
use crate::lower::Ruleset;
use crate::model::{Match, Model, PortRange, Value};
use crate::source::port_name;
use crate::table::{Hook, TableName};

/// So many services are asked about.
const SERVICES_MOST: usize = 40;
/// So many ranges of a class are told at once.
const RANGES_MOST: usize = 4;
/// Matrices of so many classes are shown.
const CLASSES_MOST: usize = 24;

/// Who may open which service in one family.
pub(super) struct Services {
    family: Family,
    /// To this host: the services that somebody may open, and who.
    to_host: Vec<Service>,
    sources: Vec<Sources>,
    /// Those that nobody may open to this host.
    closed: Vec<Service>,
    /// Through this host: those that somebody may open.
    through: Vec<Matrix>,
    /// Those that it takes too long to tell of.
    undecided: Vec<Service>,
    /// How many more services the policy names.
    more: usize,
}

/// The services that the rules and assertions of the policy name, each with who may open it.
pub(super) fn services(model: &Model, rulesets: &[Ruleset]) -> Vec<Services> {
    let mut named = named(model);
    let more = named.len().saturating_sub(SERVICES_MOST);
    named.truncate(SERVICES_MOST);
    let of = |ruleset: &Ruleset| {
        ruleset.table(TableName::Filter)?;
        let family = ruleset.family;
        let new =
            |hook: Hook, service| Question { from_outside: true, ..Question::new(hook.name(), service) };
        let mut found = Services {
            family,
            to_host: Vec::new(),
            sources: Vec::new(),
            closed: Vec::new(),
            through: Vec::new(),
            undecided: Vec::new(),
            more,
        };
        let mut matrices = Vec::new();
        for service in &named {
            match matrix(ruleset, &new(Hook::Input, *service)) {
                Ok(matrix) if matrix.edge_count() > 0 => {
                    found.to_host.push(*service);
                    matrices.push(matrix);
                }
                Ok(_) => found.closed.push(*service),
                Err(_) => found.undecided.push(*service),
            }
            if let Ok(matrix) = matrix(ruleset, &new(Hook::Forward, *service))
                && matrix.edge_count() > 0
            {
                found.through.push(matrix);
            }
        }
        found.sources = sources(family, &matrices);
        Some(found)
    };
    if named.is_empty() { Vec::new() } else { rulesets.iter().filter_map(of).collect() }
}

/// The services by the ports that the policy names, in the order of protocols and ports.
fn named(model: &Model) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    let rules = model
        .chains()
        .iter()
        .filter(|chain| chain.table() == TableName::Filter)
        .flat_map(|chain| chain.rules());
    let cases = model.assertions().iter().flat_map(|assertion| assertion.cases());
    for matches in rules.map(|rule| rule.matches()).chain(cases.map(|case| case.matches())) {
        for protocol in protocols(matches) {
            for ports in ports(matches) {
                services.push(Service { ports, ..Service::new(protocol, 0) });
            }
        }
    }
    services.sort_by_key(|service| (service.protocol, service.ports.first, service.ports.last));
    services.dedup();
    services
}

fn protocols(matches: &[Match]) -> Vec<u8> {
    let options = matches.iter().flat_map(|entry| &entry.options);
    let mut protocols: Vec<u8> = options
        .filter(|option| option.spec.name == "proto" && !option.negated)
        .flat_map(|option| option.values())
        .filter_map(|value| if let Value::Protocol(number) = value { Some(*number) } else { None })
        .collect();
    if protocols.is_empty() {
        // The match of a protocol asks for it.
        let of = matches.iter().filter(|entry| entry.extension.protocols.len() == 1);
        protocols.extend(of.flat_map(|entry| entry.extension.protocols));
    }
    protocols.retain(|number| PORT_PROTOCOLS.contains(number));
    protocols
}

fn ports(matches: &[Match]) -> Vec<PortRange> {
    let options = matches.iter().flat_map(|entry| &entry.options);
    let destination = |name: &str| matches!(name, "dport" | "dports" | "port" | "ports");
    options
        .filter(|option| {
            option.spec.value == ValueKind::Port && destination(option.spec.name) && !option.negated
        })
        .flat_map(|option| option.values())
        .filter_map(|value| if let Value::Ports(ports) = value { Some(*ports) } else { None })
        .filter(|ports| !ports.is_everything())
        .collect()
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    html.classed("p", "lead", |html| {
        html.text(
            "The ports that rules and assertions name, asked of the rules one by one. Where there is no mark it is proven \
             that no new connection from there gets through. A mark says that one may: a rate limit may refuse it, and a \
             rule on an interface is taken to match.",
        );
    });
    for services in &view.services {
        to_host(html, services);
        remarks(html, services);
        through(html, services);
    }
}

fn to_host(html: &mut Html, services: &Services) {
    let title = format!("To this host, {}", services.family);
    html.leaf("h3", &[], &title);
    if services.to_host.is_empty() {
        html.leaf("p", &[], "None of them may be opened by anybody.");
        return;
    }
    scrolled(html, &title, |html| {
        html.element("table", &[("class", "grid")], |html| {
            html.leaf("caption", &[("class", "unseen")], &title);
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    html.leaf("th", &[("scope", "col")], "from");
                    for service in &services.to_host {
                        html.element("th", &[("scope", "col")], |html| write_service(html, *service));
                    }
                });
            });
            html.element("tbody", &[], |html| {
                for source in &services.sources {
                    html.element("tr", &[], |html| {
                        html.element("th", &[("scope", "row")], |html| {
                            write_class(html, source.class.name(), &source.class.member_words(RANGES_MOST))
                        });
                        source.opens.iter().for_each(|opens| cell(html, *opens));
                    });
                }
            });
        });
    });
}

fn through(html: &mut Html, services: &Services) {
    if services.through.is_empty() {
        return;
    }
    html.leaf("h3", &[], &format!("Through this host, {}", services.family));
    for matrix in &services.through {
        let classes = count(matrix.classes().len(), "class of addresses", "classes of addresses");
        html.folded(&format!("{} ({classes})", service_text(matrix.service())), |html| {
            one_through(html, matrix)
        });
    }
}

fn one_through(html: &mut Html, matrix: &Matrix) {
    if matrix.classes().len() > CLASSES_MOST {
        html.element("p", &[], |html| {
            html.text("Too many to show here: ");
            html.code(&format!("fwdsl matrix --service {}", matrix.service()));
            html.text(" draws them.");
        });
        return;
    }
    let title = format!("{} through this host, {}", matrix.service(), matrix.family());
    scrolled(html, &title, |html| {
        html.element("table", &[("class", "grid")], |html| {
            html.leaf("caption", &[("class", "unseen")], &title);
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    html.leaf("th", &[("scope", "col")], "from, to");
                    for number in 1..=matrix.classes().len() {
                        html.leaf("th", &[("scope", "col")], &number.to_string());
                    }
                });
            });
            html.element("tbody", &[], |html| {
                for (from, class) in matrix.classes().iter().enumerate() {
                    html.element("tr", &[], |html| {
                        html.element("th", &[("scope", "row")], |html| {
                            html.text(&format!("{}: ", from + 1));
                            write_class(html, class.name(), &class.member_words(RANGES_MOST));
                        });
                        (0..matrix.classes().len()).for_each(|to| cell(html, matrix.allows(from, to)));
                    });
                }
            });
        });
    });
}

fn remarks(html: &mut Html, services: &Services) {
    let list = |services: &[Service]| {
        services.iter().map(|service| service_text(*service)).collect::<Vec<_>>().join(", ")
    };
    let Services { closed, undecided, more, .. } = services;
    if !closed.is_empty() {
        html.leaf(
            "p",
            &[],
            &format!("Nobody else may open these to this host, which is proven: {}.", list(closed)),
        );
    }
    if !undecided.is_empty() {
        html.leaf(
            "p",
            &[("class", "warning")],
            &format!("Not decided, for it takes too long: {}.", list(undecided)),
        );
    }
    if *more > 0 {
        let text =
            format!("The policy names {}, which are not shown.", count(*more, "port more", "ports more"));
        html.leaf("p", &[("class", "warning")], &text);
    }
}

/// What may be wider than the screen, in a box of its own.
pub(super) fn scrolled(html: &mut Html, label: &str, content: impl FnOnce(&mut Html)) {
    let attributes = [("class", "scrolled"), ("role", "region"), ("aria-label", label), ("tabindex", "0")];
    html.element("div", &attributes, content);
}

fn cell(html: &mut Html, is_open: bool) {
    let (class, text) = if is_open { ("yes", "yes") } else { ("no", "no") };
    html.element("td", &[("class", class)], |html| {
        html.leaf("span", &[("aria-hidden", "true")], if is_open { "●" } else { "·" });
        html.leaf("span", &[("class", "unseen")], text);
    });
}

fn write_class(html: &mut Html, name: &str, members: &[String]) {
    html.code(name);
    if members.len() > 1 {
        html.leaf("span", &[("class", "members")], &members.join(", "));
    }
}

fn write_service(html: &mut Html, service: Service) {
    html.code(&service.to_string());
    if let Some(name) = service_name(service) {
        html.leaf("span", &[("class", "members")], &name);
    }
}

fn service_text(service: Service) -> String {
    match service_name(service) {
        Some(name) => format!("{service} ({name})"),
        None => service.to_string(),
    }
}

/// The name of the service at a port.
fn service_name(service: Service) -> Option<String> {
    let PortRange { first, last } = service.ports;
    if first == last { port_name(first) } else { None }
}
