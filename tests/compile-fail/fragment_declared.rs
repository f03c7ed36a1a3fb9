//! What a fragment cannot hold: what would mean something else where it is used.

mod a {
    fwdsl::rules! { pub one { use near; } }
}

mod b {
    fwdsl::rules! { pub one { use self::near; } }
}

mod c {
    fwdsl::rules! { pub one { tcp dport #PORT => accept; } }
}

mod d {
    fwdsl::rules! { pub one { tcp dport #{PORT} => accept; } }
}

mod e {
    fwdsl::rules! { pub one { tcp dport #{super::PORT} => accept; } }
}

mod f {
    fwdsl::rules! { pub one(port) { tcp dport port => accept; } }
}

mod g {
    fwdsl::rules! { pub { tcp => accept; } }
}

mod h {
    fwdsl::rules! { pub one { tcp dport $port => accept; } }
}

fn main() {}
