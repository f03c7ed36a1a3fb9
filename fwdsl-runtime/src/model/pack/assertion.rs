//! Assertions as bytes.

use super::super::{Assertion, AssertionCase, Claim, Outcome, Scope};
use super::{Pack, Unpacked, bad, unpack_extension, unpack_within};
use crate::catalogue;
use crate::table::Way;

pack_fields!(Assertion { scope, cases, loc });
pack_fields!(AssertionCase { matches, claim, loc });
pack_fields!(Claim { negated, outcome, loc });

impl Pack for Way {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Way> {
        Way::ALL.get(usize::from(u8::unpack(input)?)).copied().ok_or_else(|| bad("way"))
    }
}

impl Pack for Scope {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Scope::Chain { table, name } => {
                out.push(0);
                table.pack(out);
                name.pack(out);
            }
            Scope::Host(way) => {
                out.push(1);
                way.pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Scope> {
        Ok(match u8::unpack(input)? {
            0 => Scope::Chain { table: Pack::unpack(input)?, name: Pack::unpack(input)? },
            1 => Scope::Host(Pack::unpack(input)?),
            _ => return Err(bad("assertion")),
        })
    }
}

impl Pack for Outcome {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Outcome::Verdict(verdicts) => {
                out.push(0);
                (verdicts.len() as u64).pack(out);
                verdicts.iter().for_each(|verdict| catalogue::number(verdict).pack(out));
            }
            Outcome::Reaches { table, chain } => {
                out.push(1);
                table.pack(out);
                chain.pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Unpacked<Outcome> {
        Ok(match u8::unpack(input)? {
            0 => {
                let length: usize = unpack_within(input, "list")?;
                let verdicts = (0..length).map(|_| unpack_extension(input));
                Outcome::Verdict(verdicts.collect::<Unpacked<_>>()?)
            }
            1 => Outcome::Reaches { table: Pack::unpack(input)?, chain: Pack::unpack(input)? },
            _ => return Err(bad("claim")),
        })
    }
}
