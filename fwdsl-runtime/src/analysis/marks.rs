//! Marks as numbers: of the many, those that some rule can tell apart.

use crate::model::Masked;

/// How many classes there may be: one bit each.
const CLASSES_MAX: usize = 64;
/// How many parts the marks may be cut into before they count as not known.
const PARTS_MAX: usize = 4096;

/// The classes of marks that answer every question alike.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    questions: Vec<Masked>,
    /// For each class a mark that stands for it, 0 first; empty if there are too many classes.
    examples: Vec<u32>,
}

/// The marks that have these bits where `known` says so.
#[derive(Debug, Clone, Copy)]
struct Part {
    known: u32,
    bits: u32,
    /// A bit for each question that is true of them.
    answers: u64,
}

impl Marks {
    /// The classes that these questions tell apart.
    pub(super) fn new(questions: &[Masked]) -> Marks {
        let mut distinct: Vec<Masked> = Vec::new();
        for question in questions {
            if !distinct.iter().any(|other| (other.value, other.mask()) == (question.value, question.mask()))
            {
                distinct.push(*question);
            }
        }
        let examples = examples(&distinct).unwrap_or_default();
        Marks { questions: distinct, examples }
    }

    /// Whether the classes are known; else a question on marks can be answered either way.
    pub(super) fn are_known(&self) -> bool {
        !self.examples.is_empty()
    }

    /// All classes, a bit for each.
    pub(super) fn all(&self) -> u64 {
        u64::MAX >> (CLASSES_MAX - self.examples.len().max(1))
    }

    /// The classes of which a question is true, one of those that the classes were made for.
    pub(super) fn with(&self, question: Masked) -> u64 {
        debug_assert!(self.questions.iter().any(|other| other.mask() == question.mask()));
        let meant = self.examples.iter().enumerate().filter(|(_, mark)| is_true(question, **mark));
        meant.fold(0, |bits, (bit, _)| bits | 1 << bit)
    }

    /// The class of a mark, as a set; all if the classes are not known.
    pub(super) fn class_of(&self, mark: u32) -> u64 {
        let same = |example: &u32| {
            self.questions.iter().all(|question| is_true(*question, *example) == is_true(*question, mark))
        };
        self.examples.iter().position(same).map_or_else(|| self.all(), |bit| 1 << bit)
    }

    /// The class of a mark that stands for it.
    pub(super) fn class(&self, mark: u32) -> usize {
        self.examples.iter().position(|example| *example == mark).unwrap_or_default()
    }

    /// A mark out of a set of classes that is not empty.
    pub(super) fn number(&self, classes: u64) -> u32 {
        self.examples.get(classes.trailing_zeros() as usize).copied().unwrap_or_default()
    }
}

/// Bits of the value beyond the mask are never found (net/netfilter/xt_mark.c).
fn is_true(question: Masked, mark: u32) -> bool {
    mark & question.mask() == question.value
}

/// A mark for each class; `None` if there are too many.
fn examples(questions: &[Masked]) -> Option<Vec<u32>> {
    if questions.len() > CLASSES_MAX {
        return None;
    }
    let mut parts = vec![Part { known: 0, bits: 0, answers: 0 }];
    for (number, question) in questions.iter().enumerate() {
        let mut next = Vec::with_capacity(parts.len() + 1);
        for part in parts {
            cut(part, *question, 1 << number, &mut next);
        }
        if next.len() > PARTS_MAX {
            return None;
        }
        parts = next;
    }
    // Bits that no question knows are 0, so the mark of most packets is among these.
    let mut classes: Vec<(u64, u32)> = parts.iter().map(|part| (part.answers, part.bits)).collect();
    classes.sort_unstable();
    classes.dedup_by_key(|(answers, _)| *answers);
    let mut examples: Vec<u32> = classes.into_iter().map(|(_, bits)| bits).collect();
    examples.sort_unstable();
    (examples.len() <= CLASSES_MAX).then_some(examples)
}

/// Cuts a part until a question has one answer for each piece.
fn cut(part: Part, question: Masked, number: u64, pieces: &mut Vec<Part>) {
    let asked = question.mask();
    if (part.bits ^ question.value) & part.known & asked != 0 || question.value & !asked != 0 {
        pieces.push(part);
        return;
    }
    let mut rest = part;
    for bit in (0..u32::BITS).map(|bit| 1u32 << bit).filter(|bit| asked & !part.known & bit != 0) {
        rest.known |= bit;
        // This piece differs in the bit; what is left agrees with all bits so far.
        pieces.push(Part { bits: rest.bits | (!question.value & bit), ..rest });
        rest.bits |= question.value & bit;
    }
    pieces.push(Part { answers: rest.answers | number, ..rest });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_a_class_that_answers_as_it_does() {
        let questions = [
            Masked::whole(1),
            Masked::new(0x10, 0xf0),
            Masked::new(0, 0x1),
            Masked::new(0x3, 0x1),
            Masked::new(0x8000_0000, 0xc000_0001),
        ];
        let marks = Marks::new(&questions);
        assert!(marks.are_known());
        assert_eq!(marks.number(marks.all()), 0);
        for mark in [0, 1, 2, 3, 0x10, 0x11, 0x1f, 0x20, 0x8000_0000, 0x8000_0001, 0x8000_0011, 0xffff_ffff] {
            let same = |class: u64| {
                questions
                    .iter()
                    .all(|question| (marks.with(*question) & class != 0) == is_true(*question, mark))
            };
            assert!(
                (0..64).map(|bit| 1 << bit).any(|class| class & marks.all() != 0 && same(class)),
                "{mark:#x}"
            );
        }
    }

    #[test]
    fn too_many_classes_are_not_known() {
        let questions: Vec<Masked> = (0..65).map(Masked::whole).collect();
        assert!(!Marks::new(&questions).are_known());
        assert!(Marks::new(&questions[..63]).are_known());
        assert_eq!(Marks::new(&[]).all(), 1);
    }
}
