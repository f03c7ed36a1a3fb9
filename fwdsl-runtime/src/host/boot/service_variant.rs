//! Which variant of iptables loads the rules at boot.

use std::path::Path;

use crate::family::Family;
use crate::host::Variant;
use crate::host::tree::Tree;

/// The variant that the system's plain `iptables-restore` is (for IPv6 `ip6tables-restore`), which is what
/// every distribution's service runs: told by the program that its links end at. `None` where there is no such
/// program, or it is none that is known.
pub fn service_variant(family: Family, tree: &Tree) -> Option<Variant> {
    let program = match family {
        Family::Ipv4 => "iptables-restore",
        Family::Ipv6 => "ip6tables-restore",
    };
    let directories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    let real =
        directories.iter().find_map(|directory| tree.follow(&Path::new(directory).join(program)).ok())?;
    match real.file_name()?.to_str()? {
        "xtables-nft-multi" => Some(Variant::Nft),
        "xtables-legacy-multi" | "xtables-multi" => Some(Variant::Legacy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    #[test]
    fn the_alternatives_are_followed_within_the_image() {
        let image = Image::new()
            .file("/usr/sbin/xtables-nft-multi", "")
            .file("/usr/sbin/xtables-legacy-multi", "")
            .link("/usr/sbin/iptables-nft-restore", "xtables-nft-multi")
            .link("/etc/alternatives/iptables-restore", "/usr/sbin/iptables-nft-restore")
            .link("/usr/sbin/iptables-restore", "/etc/alternatives/iptables-restore")
            .link("/usr/bin/ip6tables-restore", "/usr/sbin/xtables-legacy-multi");
        let tree = Tree::new(Some(image.root()));
        assert_eq!(service_variant(Family::Ipv4, &tree), Some(Variant::Nft));
        assert_eq!(service_variant(Family::Ipv6, &tree), Some(Variant::Legacy));
        assert_eq!(service_variant(Family::Ipv4, &Tree::new(Some(Image::new().root()))), None);
    }
}
