//! Programs of the classic Berkeley packet filter, as `bpf` takes them.
//!
//! Source: bpf(4) of the BSDs; for what the kernel refuses, bpf_check_classic() in net/core/filter.c of Linux.

use std::fmt;

/// The most instructions (`XT_BPF_MAX_NUM_INSTR`).
const INSTRUCTIONS_MAX: usize = 64;

/// The number of places in a program's memory (`BPF_MEMWORDS`).
const MEMORY_WORDS: u32 = 16;

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytecode(Vec<Instruction>);

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    code: u16,
    /// How many instructions are passed over if a comparison holds.
    jt: u8,
    /// The same if it does not.
    jf: u8,
    k: u32,
}

impl Bytecode {
    /// Parses `1,6 0 0 1`: the number of instructions, and each with its four numbers.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Bytecode, String> {
        let mut parts = text.split(',');
        let count = parts.next().unwrap_or_default();
        let count: usize =
            count.parse().map_err(|_| format!("`{count}` is not the number of instructions"))?;
        let mut parts: Vec<&str> = parts.collect();
        // A comma may end the program.
        parts.pop_if(|last| last.trim().is_empty());
        let program: Vec<Instruction> = parts.into_iter().map(parse_instruction).collect::<Result<_, _>>()?;
        if count == 0 || count > INSTRUCTIONS_MAX {
            return Err(format!("a program has 1 to {INSTRUCTIONS_MAX} instructions, and this has {count}"));
        }
        if count != program.len() {
            return Err(format!("{count} instructions are announced, and {} follow", program.len()));
        }
        Ok(Bytecode(program))
    }

    /// What the kernel refuses in the program, if anything.
    pub fn problem(&self) -> Option<String> {
        let last = self.0.len() - 1;
        for (place, instruction) in self.0.iter().enumerate() {
            if let Some(what) = instruction.problem(last - place) {
                return Some(format!("instruction `{instruction}` {what}"));
            }
        }
        if let Some(instruction) = self.reads_unset_memory() {
            return Some(format!("instruction `{instruction}` reads memory that may not have been written"));
        }
        let returns = matches!(self.0[last].code, RETURN_K | RETURN_A);
        (!returns).then(|| format!("the last instruction `{}` does not return", self.0[last]))
    }
}

impl Bytecode {
    /// The first instruction that reads a word of memory which no instruction before it is sure to have written. What is
    /// written is known at each place from those that lead there, and they all lie before it.
    fn reads_unset_memory(&self) -> Option<Instruction> {
        let mut known = vec![u16::MAX; self.0.len() + 1];
        let mut written: u16 = 0;
        for (place, instruction) in self.0.iter().enumerate() {
            written &= known[place];
            let word = 1_u16.checked_shl(instruction.k).unwrap_or(0);
            let mut lead_to = |distance: usize| {
                if let Some(known) = known.get_mut(place + 1 + distance) {
                    *known &= written;
                }
            };
            match instruction.code {
                STORE | STORE_X => written |= word,
                LOAD_MEMORY | LOAD_X_MEMORY if written & word == 0 => return Some(*instruction),
                JUMP => {
                    lead_to(instruction.k as usize);
                    written = u16::MAX;
                }
                code if COMPARISONS.contains(&code) => {
                    lead_to(usize::from(instruction.jt));
                    lead_to(usize::from(instruction.jf));
                    written = u16::MAX;
                }
                _ => {}
            }
        }
        None
    }
}

const STORE: u16 = 0x02;
const STORE_X: u16 = 0x03;
const JUMP: u16 = 0x05;
const LOAD_MEMORY: u16 = 0x60;
const LOAD_X_MEMORY: u16 = 0x61;
const COMPARISONS: [u16; 8] = [0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d];
const RETURN_K: u16 = 0x06;
const RETURN_A: u16 = 0x16;

/// The instructions by what their numbers must be: comparisons jump, `ja` jumps by `k`, memory has 16 words, divisors are
/// not 0, shifts are less than 32.
impl Instruction {
    fn problem(self, behind: usize) -> Option<String> {
        let out_of_program =
            |distance: u64| (distance >= behind as u64).then(|| "jumps out of the program".to_owned());
        match self.code {
            JUMP => out_of_program(u64::from(self.k)),
            code if COMPARISONS.contains(&code) => out_of_program(u64::from(self.jt.max(self.jf))),
            0x34 | 0x94 if self.k == 0 => Some("divides by 0".to_owned()),
            0x64 | 0x74 if self.k >= 32 => Some(format!("shifts by {}", self.k)),
            LOAD_MEMORY | LOAD_X_MEMORY | STORE | STORE_X if self.k >= MEMORY_WORDS => {
                Some(format!("asks for word {} of the {MEMORY_WORDS} in memory", self.k))
            }
            code if KNOWN.contains(&code) => None,
            _ => Some("is none".to_owned()),
        }
    }
}

/// Every instruction of the classic filter: loads, stores, arithmetic, returns, and moves between registers.
const KNOWN: [u16; 45] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x06, 0x07, 0x0c, 0x14, 0x16, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34,
    0x3c, 0x40, 0x44, 0x48, 0x4c, 0x50, 0x54, 0x5c, 0x60, 0x61, 0x64, 0x6c, 0x74, 0x7c, 0x80, 0x81, 0x84,
    0x87, 0x94, 0x9c, 0xa4, 0xac, 0xb1, 0x05, 0x15, 0x25, 0x35, 0x45,
];

fn parse_instruction(text: &str) -> Result<Instruction, String> {
    let wrong = || format!("`{}` is no instruction of four numbers", text.trim());
    // iptables reads no further than the four.
    let numbers = text.split_whitespace().take(4).map(str::parse);
    let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().map_err(|_| wrong())?;
    let [code, jt, jf, k] = numbers[..] else { return Err(wrong()) };
    let instruction = || {
        Some(Instruction {
            code: code.try_into().ok()?,
            jt: jt.try_into().ok()?,
            jf: jf.try_into().ok()?,
            k: k.try_into().ok()?,
        })
    };
    instruction().ok_or_else(wrong)
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.code, self.jt, self.jf, self.k)
    }
}

impl fmt::Display for Bytecode {
    /// As `iptables-save` prints it, but for the quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.len())?;
        self.0.iter().try_for_each(|instruction| write!(f, ",{instruction}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_and_print() {
        for (written, saved) in [
            ("4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0", "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"),
            ("1, 6 0  0 1 ,", "1,6 0 0 1"),
            ("1,6 0 0 1 9", "1,6 0 0 1"),
            ("4,2 0 0 15,21 0 1 6,96 0 0 15,22 0 0 0", "4,2 0 0 15,21 0 1 6,96 0 0 15,22 0 0 0"),
        ] {
            let program = Bytecode::parse(written).unwrap();
            assert_eq!(program.to_string(), saved);
            assert_eq!(program.problem(), None);
        }
        for text in
            ["", "0,", "1", "2,6 0 0 1", "1,6 0 0", "1,6 256 0 1", "1 ,6 0 0 1", "65,6 0 0 1", "x,6 0 0 1"]
        {
            assert!(Bytecode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_the_kernel_refuses_is_told() {
        for text in [
            "1,48 0 0 9",
            "2,21 1 0 6,6 0 0 1",
            "2,5 0 0 1,6 0 0 1",
            "2,52 0 0 0,6 0 0 1",
            "2,96 0 0 16,6 0 0 1",
            "2,100 0 0 32,6 0 0 1",
            "2,9 9 9 9,6 0 0 1",
            "2,96 0 0 0,22 0 0 0",
            "4,21 0 1 6,2 0 0 3,96 0 0 3,22 0 0 0",
        ] {
            assert!(Bytecode::parse(text).unwrap().problem().is_some(), "{text}");
        }
    }
}
