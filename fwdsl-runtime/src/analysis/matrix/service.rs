//! The service whose connections are asked about.

use std::fmt;

use crate::catalogue::{PORT_PROTOCOLS, TCP_NUMBER, UDP_NUMBER};
use crate::model::PortRange;
use crate::nearest::nearest;
use crate::{protocols, services};

/// The port that a client speaks from where nothing else is said: an unprivileged one.
const SOURCE_PORT: u16 = 10_000;

/// A service, by the protocol and the ports at which it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Service {
    /// The protocol, one that has ports (IANA protocol numbers).
    pub protocol: u8,
    /// The ports. With several of them, what may be opened at any of them may be opened.
    pub ports: PortRange,
    /// The port that the client speaks from.
    pub source_port: u16,
}

/// Why a text names no service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, if that is clear.
    pub help: Option<String>,
}

impl Service {
    /// A service at one port, its clients at port 10000.
    pub const fn new(protocol: u8, port: u16) -> Service {
        Service { protocol, ports: PortRange { first: port, last: port }, source_port: SOURCE_PORT }
    }

    /// The same with clients that speak from this port.
    #[must_use]
    pub const fn from_port(self, source_port: u16) -> Service {
        Service { source_port, ..self }
    }

    /// Reads `tcp:22`, `udp:domain`, `tcp:8000-8080`, or the name of a service that is spoken over one of TCP and UDP: `ssh`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Service, ServiceError> {
        let Some((protocol, ports)) = text.split_once(':') else { return named(text) };
        let protocol = parse_protocol(protocol)?;
        let ports = match ports.split_once('-') {
            Some((first, last)) if first.starts_with(|first: char| first.is_ascii_digit()) => {
                let (first, last) = (parse_port(first, protocol)?, parse_port(last, protocol)?);
                if first > last {
                    return Err(error(
                        format!("`{ports}` ends before it begins"),
                        Some(format!("{last}-{first}")),
                    ));
                }
                PortRange { first, last }
            }
            // Names of services have hyphens too.
            _ => {
                let port = parse_port(ports, protocol)?;
                PortRange { first: port, last: port }
            }
        };
        Ok(Service { ports, ..Service::new(protocol, 0) })
    }
}

/// The service of a name alone.
fn named(text: &str) -> Result<Service, ServiceError> {
    let is_protocol = protocols::find(text).is_some_and(|number| PORT_PROTOCOLS.contains(&number));
    if is_protocol || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let meant = if is_protocol { format!("{text}:22") } else { format!("tcp:{text}") };
        return Err(error(format!("`{text}` is no service: it takes a protocol and a port"), Some(meant)));
    }
    let Some(service) = services::find(text) else {
        let near = nearest(text, services::names()).map(str::to_owned);
        return Err(error(format!("unknown service `{text}`"), near.or_else(|| Some("tcp:22".into()))));
    };
    match (service.tcp, service.udp) {
        (true, true) => Err(error(
            format!("`{text}` is spoken over TCP and UDP"),
            Some(format!("tcp:{text}` or `udp:{text}")),
        )),
        (true, false) => Ok(Service::new(TCP_NUMBER, service.port)),
        (false, true) => Ok(Service::new(UDP_NUMBER, service.port)),
        (false, false) => {
            Err(error(format!("`{text}` is spoken over neither TCP nor UDP"), Some(format!("sctp:{text}"))))
        }
    }
}

fn parse_protocol(text: &str) -> Result<u8, ServiceError> {
    let number = protocols::find(text).or_else(|| text.parse().ok());
    let with_ports = || PORT_PROTOCOLS.iter().filter_map(|number| protocols::save_name(*number));
    match number {
        Some(number) if PORT_PROTOCOLS.contains(&number) => Ok(number),
        Some(_) => {
            let names: Vec<&str> = with_ports().collect();
            let message = format!("`{text}` has no ports, by which a service is known");
            Err(error(message, Some(names.join("`, `"))))
        }
        None => Err(error(
            format!("unknown protocol `{text}`"),
            nearest(text, with_ports()).or(Some("tcp")).map(str::to_owned),
        )),
    }
}

fn parse_port(text: &str, protocol: u8) -> Result<u16, ServiceError> {
    if text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return text.parse().map_err(|_| error(format!("`{text}` is no port: they go up to 65535"), None));
    }
    match services::find(text) {
        Some(service) if speaks(&service, protocol) => Ok(service.port),
        Some(service) => {
            let name = protocols::save_name(protocol).unwrap_or_default();
            let other = [TCP_NUMBER, UDP_NUMBER].into_iter().find(|other| speaks(&service, *other));
            let other = other.and_then(protocols::save_name).map(|other| format!("{other}:{text}"));
            Err(error(format!("`{text}` is not spoken over {name}"), other))
        }
        None => {
            let near = nearest(text, services::names()).map(str::to_owned);
            Err(error(format!("unknown service `{text}`"), near))
        }
    }
}

/// Whether a service is known to be spoken over a protocol. UDP-Lite and DCCP have those of UDP and TCP.
fn speaks(service: &services::Service, protocol: u8) -> bool {
    match protocol {
        TCP_NUMBER => service.tcp,
        UDP_NUMBER => service.udp,
        _ => service.tcp || service.udp || service.sctp,
    }
}

fn error(message: String, meant: Option<String>) -> ServiceError {
    ServiceError { message, help: meant.map(|meant| format!("did you mean `{meant}`?")) }
}

impl fmt::Display for Service {
    /// As [`Service::parse`] reads it; the source port is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match protocols::save_name(self.protocol) {
            Some(name) => write!(f, "{name}:{}", self.ports.first)?,
            None => write!(f, "{}:{}", self.protocol, self.ports.first)?,
        }
        if self.ports.first == self.ports.last { Ok(()) } else { write!(f, "-{}", self.ports.last) }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for ServiceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_by_number_and_by_name() {
        let ssh = Service::new(TCP_NUMBER, 22);
        for text in ["tcp:22", "tcp:ssh", "ssh", "6:22", "tcp:22-22"] {
            assert_eq!(Service::parse(text), Ok(ssh), "{text}");
        }
        assert_eq!(Service::parse("udp:domain"), Ok(Service::new(UDP_NUMBER, 53)));
        assert_eq!(Service::parse("ntp").map(|service| service.to_string()), Ok("udp:123".into()));
        assert_eq!(
            Service::parse("tcp:afs3-vlserver").unwrap_err().help.unwrap(),
            "did you mean `udp:afs3-vlserver`?"
        );
        let range = Service::parse("tcp:1024-65535").unwrap();
        assert_eq!((range.ports.first, range.ports.last, range.source_port), (1024, 65535, 10_000));
        assert_eq!(range.to_string(), "tcp:1024-65535");
    }

    #[test]
    fn what_names_no_service_is_told_with_what_may_be_meant() {
        for (text, said) in [
            ("tcp", "`tcp` is no service: it takes a protocol and a port\nhelp: did you mean `tcp:22`?"),
            ("22", "`22` is no service: it takes a protocol and a port\nhelp: did you mean `tcp:22`?"),
            (
                "domain",
                "`domain` is spoken over TCP and UDP\nhelp: did you mean `tcp:domain` or `udp:domain`?",
            ),
            ("htps", "unknown service `htps`\nhelp: did you mean `https`?"),
            ("tpc:22", "unknown protocol `tpc`\nhelp: did you mean `tcp`?"),
            (
                "icmp:8",
                "`icmp` has no ports, by which a service is known\n\
                 help: did you mean `tcp`, `udp`, `dccp`, `sctp`, `udplite`?",
            ),
            ("tcp:70000", "`70000` is no port: they go up to 65535"),
            ("tcp:80-22", "`80-22` ends before it begins\nhelp: did you mean `22-80`?"),
            ("tcp:", "unknown service ``"),
            ("", "unknown service ``"),
        ] {
            let error = Service::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
