//! Sets of a few values in words: as lists, negated lists, or conjunctions of answers.

/// Which values are in a set, by their numbers.
pub(super) type Members = Vec<bool>;

/// A question and its answer.
pub(super) type Answer = (usize, bool);

/// A set in words, in parts where one phrase cannot say it.
pub(super) type Phrases = Vec<(Members, String)>;

/// How a kind of questions is put in words.
pub(super) struct Wording<'a> {
    /// One of these, or none of them.
    pub(super) list: &'a dyn Fn(&[usize], bool) -> String,
    /// All of these answers.
    pub(super) all: &'a dyn Fn(&[Answer]) -> String,
}

/// A set in words, for questions given as the values of which they are true.
pub(super) fn phrases(questions: &[Members], set: &Members, wording: &Wording<'_>) -> Phrases {
    let inside = conjunctions(questions, set);
    let outside = conjunctions(questions, &set.iter().map(|is_in| !is_in).collect());
    let single = |answers: &Vec<Answer>| match answers.as_slice() {
        [(question, true)] => Some(*question),
        _ => None,
    };
    let refused: Option<Vec<usize>> = outside.iter().map(single).collect();
    let listed: Vec<usize> = inside.iter().filter_map(single).collect();
    if let Some(refused) = refused
        && (listed.len() < inside.len() || refused.len() < inside.len())
    {
        return vec![(set.clone(), (wording.list)(&refused, true))];
    }
    let mut phrases = Phrases::new();
    if !listed.is_empty() {
        let any = (0..set.len()).map(|value| listed.iter().any(|question| questions[*question][value]));
        phrases.push((any.collect(), (wording.list)(&listed, false)));
    }
    for answers in inside.iter().filter(|answers| single(answers).is_none()) {
        phrases.push((of(questions, answers, set.len()), (wording.all)(answers)));
    }
    phrases
}

/// Conjunctions of answers whose union is the set.
pub(super) fn conjunctions(questions: &[Members], set: &Members) -> Vec<Vec<Answer>> {
    let size = |question: &usize| questions[*question].iter().filter(|is_in| **is_in).count();
    let (mut found, mut left) = (Vec::new(), set.clone());
    while let Some(value) = left.iter().position(|is_left| *is_left) {
        // What is said of it that is not so is given up first, then what is said of few values.
        let (mut yes, no): (Vec<usize>, Vec<usize>) =
            (0..questions.len()).partition(|question| questions[*question][value]);
        yes.sort_by_key(size);
        let all =
            no.into_iter().map(|question| (question, false)).chain(yes.into_iter().map(|of| (of, true)));
        let mut answers: Vec<Answer> = all.collect();
        let mut place = 0;
        while place < answers.len() {
            let answer = answers.remove(place);
            let wider = of(questions, &answers, set.len());
            if wider.iter().zip(set).any(|(is_in, wanted)| *is_in && !wanted) {
                answers.insert(place, answer);
                place += 1;
            }
        }
        let covered = of(questions, &answers, set.len());
        left.iter_mut().zip(&covered).for_each(|(is_left, covered)| *is_left &= !covered);
        // Values that no question tells apart are in a set together.
        left[value] = false;
        found.push(answers);
    }
    found
}

fn of(questions: &[Members], answers: &[Answer], values: usize) -> Members {
    let fits = |value: usize| answers.iter().all(|(question, holds)| questions[*question][value] == *holds);
    (0..values).map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(questions: &[&[usize]], set: &[usize]) -> Vec<String> {
        let members = |of: &[usize]| (0..8).map(|value| of.contains(&value)).collect::<Members>();
        let questions: Vec<Members> = questions.iter().map(|of| members(of)).collect();
        let wording = Wording {
            list: &|of, negated| format!("{}{of:?}", if negated { "!" } else { "" }),
            all: &|answers| {
                let word = |(of, holds): &Answer| format!("{}{of}", if *holds { "" } else { "!" });
                answers.iter().map(word).collect::<Vec<_>>().join(" ")
            },
        };
        phrases(&questions, &members(set), &wording).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn sets_become_lists_or_what_is_shorter() {
        let states: [&[usize]; 4] = [&[0, 1], &[2, 3], &[4, 5], &[6, 7]];
        assert_eq!(said(&states, &[0, 1, 4, 5]), ["[0, 2]"]);
        assert_eq!(said(&states, &[0, 1, 2, 3, 6, 7]), ["![2]"]);
        let nested: [&[usize]; 3] = [&[0, 1, 2, 3], &[1], &[5]];
        assert_eq!(said(&nested, &[0, 2, 3]), ["!1 0"]);
        assert_eq!(said(&nested, &[0, 2, 3, 5]), ["[2]", "!1 0"]);
        assert_eq!(said(&nested, &[0, 1, 2, 3, 4, 6, 7]), ["![2]"]);
    }
}
