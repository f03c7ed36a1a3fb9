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
        let count = parts.next().unwrap_or_default().trim();
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
        let returns = matches!(self.0[last].code, RETURN_K | RETURN_A);
        (!returns).then(|| format!("the last instruction `{}` does not return", self.0[last]))
    }
}

const RETURN_K: u16 = 0x06;
const RETURN_A: u16 = 0x16;

/// The instructions by what their numbers must be: comparisons jump, `ja` jumps by `k`, memory has 16 words, divisors are
/// not 0, shifts are less than 32.
impl Instruction {
    fn problem(self, behind: usize) -> Option<String> {
        let out_of_program =
            |distance: u64| (distance >= behind as u64).then(|| "jumps out of the program".to_owned());
        match self.code {
            0x05 => out_of_program(u64::from(self.k)),
            0x15 | 0x1d | 0x25 | 0x2d | 0x35 | 0x3d | 0x45 | 0x4d => {
                out_of_program(u64::from(self.jt.max(self.jf)))
            }
            0x34 | 0x94 if self.k == 0 => Some("divides by 0".to_owned()),
            0x64 | 0x74 if self.k >= 32 => Some(format!("shifts by {}", self.k)),
            0x60 | 0x61 | 0x02 | 0x03 if self.k >= MEMORY_WORDS => {
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
    let numbers: Vec<u64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
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
        ] {
            let program = Bytecode::parse(written).unwrap();
            assert_eq!(program.to_string(), saved);
            assert_eq!(program.problem(), None);
        }
        for text in
            ["", "0,", "1", "2,6 0 0 1", "1,6 0 0", "1,6 0 0 1 1", "1,6 256 0 1", "65,6 0 0 1", "x,6 0 0 1"]
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
        ] {
            assert!(Bytecode::parse(text).unwrap().problem().is_some(), "{text}");
        }
    }
}
