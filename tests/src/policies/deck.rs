//! The catalogue as a pack of cards: every option of every extension comes again and again.

use std::sync::OnceLock;

use fwdsl::catalogue::{EXTENSIONS, Kind};
use fwdsl::table::TableName;

use crate::random::Random;
use crate::samples::{Sample, samples};

/// The samples of an option, or of an extension by itself.
type Card = Vec<Sample>;

/// Cards in the order in which they are tried. One that fits nowhere for now is tried again later.
#[derive(Debug, Default)]
pub(super) struct Deck(Vec<usize>);

fn cards() -> &'static [Card] {
    static CARDS: OnceLock<Vec<Card>> = OnceLock::new();
    CARDS.get_or_init(|| {
        let modules = EXTENSIONS.iter().filter(|it| it.module || it.kind == Kind::Target);
        let mut cards: Vec<Card> = Vec::new();
        for sample in modules.flat_map(|it| samples(it)).filter(Sample::loads_everywhere) {
            match cards.last_mut() {
                Some(card) if card[0].extension == sample.extension && card[0].option == sample.option => {
                    card.push(sample);
                }
                _ => cards.push(vec![sample]),
            }
        }
        cards
    })
}

impl Deck {
    /// All cards, shuffled.
    pub(super) fn new(random: &mut Random) -> Deck {
        let mut cards: Vec<usize> = (0..cards().len()).collect();
        for last in (1..cards.len()).rev() {
            cards.swap(last, random.below(last + 1));
        }
        Deck(cards)
    }

    /// A rule of the first few cards of the table that `fits`. It does not come again before all others have.
    pub(super) fn draw(
        &mut self,
        random: &mut Random,
        table: TableName,
        mut fits: impl FnMut(&str) -> bool,
    ) -> Option<(&'static Sample, &'static str)> {
        let allowed = |number: &usize| cards()[*number][0].extension.allowed_in(table);
        let first: Vec<usize> = (0..self.0.len()).filter(|place| allowed(&self.0[*place])).take(4).collect();
        for place in first.iter().copied() {
            let card = &cards()[self.0[place]];
            let sample = &card[random.below(card.len())];
            if let Some(rule) = sample.rules.iter().find(|rule| fits(rule)) {
                let number = self.0.remove(place);
                // Not to the very end, so that the order is another each time round.
                let late = self.0.len() - random.below(20);
                self.0.insert(late, number);
                return Some((sample, rule));
            }
        }
        // Those come again once others have been tried.
        for place in first.into_iter().rev() {
            let number = self.0.remove(place);
            self.0.insert(self.0.len().min(place + 12 + random.below(20)), number);
        }
        None
    }
}
