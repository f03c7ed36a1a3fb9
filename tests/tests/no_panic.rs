//! Whatever the input, reading a policy ends, soon, and without a panic: tokens from the user,
//! bytes from a binary of another version. The mutations are the same in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::time::{Duration, Instant};

use fwdsl::family::Family;
use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::{Settled, Source, compile};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// How long one input may take. The slowest take milliseconds; this finds what grows without end.
const LONGEST: Duration = Duration::from_secs(5);

const SEEDS: &[&str] = &[
    r#"
    #![allow(unreachable_rule)]
    let WEB = 10.0.0.2; let RATE = 40/s;
    table nat { chain PREROUTING { tcp|udp => dnat(to WEB:80..=90/8000, random); tcp => dnat(to [fd00::2..=fd00::9]:80); tcp => redirect(3128); }
                chain POSTROUTING { out eth0 => jump M; } chain M { tcp => masquerade(to 1024..=65535, random-fully); _ => snat(to 192.0.2.1); } }
    table mangle { chain FORWARD { tcp flags(syn / syn,rst) => tcpmss(clamp-mss-to-pmtu), mark(set 0x1/0xff), dscp(ef), tos(and 0x10), classify(1:10); }
                   chain PREROUTING { mark [1, 0x2/0xf] rpfilter => connmark(restore, mask 0xff), mark(xor 1), nflog(group 5), accept; udp => tproxy(3128); } }
    table raw { chain PREROUTING { tcp => ct(helper ftp, zone mark, ctevents [new, mark]); _ => notrack; } }
    chain INPUT {
        hashlimit(upto RATE, burst 20, mode [srcip, dstport], srcmask 24, name "ssh") => accept;
        hashlimit(above 512kb/s, burst 1mb, name b, htable-expire 9000) => drop;
        recent(update, seconds 60, reap, hitcount 4, rttl, name "seen", mask 255.255.0.0, rdest) => drop;
        statistic(nth, !every 10, packet 3) quota(!5) connlimit(upto 3, mask 64) => return;
        conntrack(ctproto [tcp, 58], !ctorigsrc [10.0.0.0/8, fd00::/8], ctorigdstport 22..=80, ctexpire 1..=2) => accept;
        addrtype(!dst-type [local, broadcast], limit-iface-in) pkttype(![host, multicast]) => drop;
        mac(source "00:16:3e:00:00:01") length(![1, 2..=9]) string("a|b", algo bm, from 1, to 5) => drop;
        time(start 08:00, stop 17:30, !weekdays [sat, sun], monthdays 1, datestop "2030-01-01T00:00:00") frag(first, id 1..=2) => drop;
        tcp tcpmss(1..=500) => synproxy(mss 1460), tee(gateway fd00::1); connbytes(10, dir both, mode avgpkt) => nfqueue(balance 0..=3);
    }
    "#,
    r#"
    #![allow(fragment_reassembled)]
    let SSH = 50134; let NETBIOS = [135, 137..=139]; let NOBODY = [255.255.255.255, 224.0.0.1];
    sysctl { net.ipv4.tcp_syncookies = 1; net.ipv4.conf.*.send_redirects = 0;
             "net/ipv4/conf/eth0.100/rp_filter" = 1; net.ipv4.conf.all.log_martians = 1; }
    /// chain
    chain INPUT policy drop {
        in lo => accept;
        ct established|related => accept;
        #[allow(fragment_reassembled)] fragment => log("frag "), drop;
        tcp|udp dport NETBIOS => drop;
        icmp echo-request => jump PING;
        icmpv6 [neighbour-solicitation, packet-too-big] => accept;
        to NOBODY => drop;
        tcp dport 113 => reject(tcp-reset);
        /// administration
        tcp dport SSH => accept;
        limit 1/s => log("x", level info, uid);
        _ => drop;
    }
    chain PING { limit 1/s burst 4 => accept; _ => log("p"), drop; }
    assert INPUT { in eth0 to !NOBODY tcp dport SSH ct new => accept; in eth0 tcp dport 3306 ct new => !accept; }
    "#,
    r#"
    let A = [B, 22]; let B = 80..=81; let NETS = [10.0.0.0/8, fd00::/8, 10.1.0.1..=10.1.0.9];
    table nat { family ipv4; chain PREROUTING { in eth+ => return; } }
    table mangle { chain FORWARD { in eth0 out wg-home.2 { tcp syn => accept; tcp !flags(syn / all) => goto M; } }
                   chain M { state(new|invalid) => log(prefix "m"), return; } }
    chain INPUT {
        from NETS { to ![::1, 127.0.0.0/8] tcp dport !A sport [1, 2..=3] limit 3/m => log("n"), jump "f2b"; }
        tcp|udp|sctp port [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16..=18] from NETS to NETS => reject;
        multiport(dports [22, 80]) tcp(!option 7) conntrack(!ctstate [new, snat]) => accept;
        icmp 3/4 comment("c") => accept; icmpv6(type 128) => drop; proto [47, esp] !fragment => drop;
        in !["br-lan", eth0.100] in !wg+ => goto f2b;
    }
    chain f2b { from fe80::1 => return; to 2001:db8::1e5:3e8/128 => drop; }
    "#,
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
}

/// Every token of the seeds, groups included: what mutations put in.
fn pool(tokens: TokenStream, out: &mut Vec<TokenTree>) {
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            pool(group.stream(), out);
        }
        out.push(token);
    }
}

fn mutate(tokens: TokenStream, random: &mut Random, pool: &[TokenTree], rate: usize) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let inside = mutate(group.stream(), random, pool, rate);
                let delimiter = match random.below(rate * 4) {
                    0 => Delimiter::Bracket,
                    1 => Delimiter::Brace,
                    2 => Delimiter::Parenthesis,
                    3 => Delimiter::None,
                    _ => group.delimiter(),
                };
                TokenTree::Group(Group::new(delimiter, inside))
            }
            other => other,
        };
        match random.below(rate * 5) {
            0 => {}
            1 => out.extend([token.clone(), token]),
            2 => out.push(pool[random.below(pool.len())].clone()),
            3 => out.extend([token, pool[random.below(pool.len())].clone()]),
            4 => {
                let place = random.below(out.len());
                out.insert(place, token);
            }
            _ => out.push(token),
        }
    }
    if random.below(rate * 10) == 0 {
        out.truncate(random.below(out.len()));
    }
    out.into_iter().collect()
}

/// Reads the policy and, if it is sound, all that follows. Returns whether it is.
fn digest(tokens: TokenStream) -> bool {
    let compiled = Source::new(tokens).compile_with_names(Settled::default());
    for diagnostic in &compiled.diagnostics {
        let _ = diagnostic.text(&Default::default());
    }
    if compiled.is_sound() {
        let model = Model::from_bytes("file", &compiled.pack()).expect("what is packed unpacks");
        for family in Family::ALL {
            let text = |model: &Model| lower(model, family).map(|ruleset| emit(&ruleset, Protocols::Named));
            assert_eq!(text(&model), text(&compiled.model));
        }
    }
    compiled.is_sound()
}

/// Runs one input; names it if it panics or takes too long.
fn run(name: &str, input: &dyn std::fmt::Display, work: impl FnOnce() -> bool) -> bool {
    let start = Instant::now();
    let Ok(result) = catch_unwind(AssertUnwindSafe(work)) else { panic!("{name} panicked:\n{input}") };
    assert!(start.elapsed() < LONGEST, "{name} took {:?}:\n{input}", start.elapsed());
    result
}

#[test]
fn no_tokens_make_the_compiler_panic() {
    let seeds: Vec<TokenStream> = SEEDS.iter().map(|seed| TokenStream::from_str(seed).unwrap()).collect();
    let mut tokens = Vec::new();
    for seed in &seeds {
        assert!(digest(seed.clone()), "{:#?}", compile(seed.clone()).diagnostics);
        pool(seed.clone(), &mut tokens);
    }
    let mut random = Random(1);
    let mut sound = 0;
    for round in 0..3000 {
        let rate = [2, 10, 60, 200][round % 4];
        let input = mutate(seeds[random.below(seeds.len())].clone(), &mut random, &tokens, rate);
        let shown = input.to_string();
        sound += usize::from(run("compile", &shown, || digest(input)));
    }
    // Or the mutations would only ever try the parser's first error.
    assert!(sound > 100, "only {sound} of the mutations are sound policies");
}

#[test]
fn no_bytes_make_unpacking_panic() {
    let mut random = Random(2);
    for seed in SEEDS {
        let packed = compile(TokenStream::from_str(seed).unwrap()).pack();
        for length in 0..packed.len() {
            let bytes = &packed[..length];
            run("a cut policy", &length, || Model::from_bytes("file", bytes).is_ok());
        }
        for _ in 0..20_000 {
            let mut bytes = packed.clone();
            for _ in 0..=random.below(4) {
                let place = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[place] = random.next() as u8,
                    1 => bytes[place] ^= 1 << random.below(8),
                    2 => bytes[place] = 0xff,
                    _ => drop(bytes.splice(place..place, [0xff, 0xff, 0xff, 0xff, 0x7f])),
                }
            }
            run("a damaged policy", &format!("{bytes:?}"), || {
                let Ok(model) = Model::from_bytes("file", &bytes) else { return false };
                let _ = fwdsl_runtime::Policy::from_model(model);
                true
            });
        }
    }
}

#[test]
fn depth_and_length_are_no_trouble() {
    let nested = |open: &str, middle: &str, close: &str, depth: usize| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    let lets: String = (0..40).map(|n| format!("let L{n} = [L{}, L{}];", n + 1, n + 1)).collect();
    let ring: String = (0..500).map(|n| format!("let L{n} = L{};", (n + 1) % 500)).collect();
    let chains: String = (0..300).map(|n| format!("chain C{n} {{ _ => jump C{}; }}", n + 1)).collect();
    let fan: String = (0..30)
        .map(|n| format!("chain C{n} {{ tcp => jump C{}; udp => jump C{}; }}", n + 1, n + 1))
        .collect();
    for (name, text) in [
        ("lists in lists", format!("let A = {};", nested("[", "1", "]", 500))),
        ("blocks in blocks", format!("chain INPUT {{ {} }}", nested("tcp {", "_ => drop;", "}", 500))),
        ("lets that double", format!("{lets} let L40 = 1; chain INPUT {{ tcp dport L0 => accept; }}")),
        ("a ring of lets", format!("{ring} chain INPUT {{ tcp dport L0 => accept; }}")),
        ("a long way down", format!("{chains} chain C300 {{ _ => return; }}")),
        ("a fan of chains", format!("{fan} chain C30 {{ _ => return; }} chain INPUT {{ _ => jump C0; }}")),
    ] {
        let tokens = TokenStream::from_str(&text).unwrap();
        run(name, &"", || digest(tokens));
    }
}
