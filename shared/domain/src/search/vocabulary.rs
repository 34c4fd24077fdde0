//! All words of all cards, each with a number.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::words::{Stems, words};

/// How well two words go together, from 1.
pub(super) const PREFIX: u8 = 1;
pub(super) const STEM: u8 = 2;
pub(super) const WHOLE: u8 = 3;

/// Words in the order of the alphabet, and by their stems.
pub(super) struct Vocabulary {
    numbers: BTreeMap<Box<str>, u32>,
    /// The numbers of the words that have a stem.
    stems: HashMap<Box<str>, Vec<u32>>,
    stemming: Stems,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), stems: HashMap::new(), stemming: Stems::new() }
    }
}

impl Vocabulary {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The numbers of the words of a text that is not folded.
    pub(super) fn read(&mut self, text: &str) -> Box<[u32]> {
        words(text).iter().map(|word| self.number(word)).collect()
    }

    /// The number of a folded word, which is a new one where the word is.
    pub(super) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        // There are fewer words than four billion in any memory.
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.into(), number);
        self.stems.entry(self.stemming.stem(word).into()).or_default().push(number);
        number
    }

    /// Which words go with a folded one, and how well; as the beginning of a word, if it may be.
    fn alike(&self, word: &str, beginning: bool, mut found: impl FnMut(u32, u8)) {
        if beginning {
            let from = (Bound::Included(word), Bound::Unbounded);
            let range = self.numbers.range::<str, _>(from).take_while(|(other, _)| other.starts_with(word));
            range.for_each(|(_, number)| found(*number, PREFIX));
        }
        let same = self.stems.get(self.stemming.stem(word).as_ref());
        same.into_iter().flatten().for_each(|number| found(*number, STEM));
        if let Some(number) = self.numbers.get(word) {
            found(*number, WHOLE);
        }
    }

    /// How well each word goes with each of those that are searched for.
    pub(super) fn grades(&self, wanted: &[String]) -> Grades {
        let count = wanted.len();
        let mut grades = vec![0; self.len() * count];
        for (place, word) in wanted.iter().enumerate() {
            self.alike(word, place + 1 == count, |number, grade| {
                grades[number as usize * count + place] = grade;
            });
        }
        Grades { grades, count }
    }
}

/// How well words go with those that are searched for.
pub(super) struct Grades {
    grades: Vec<u8>,
    /// How many are searched for.
    count: usize,
}

/// Words searched for at most.
const MOST: usize = super::SearchText::MOST;

impl Grades {
    /// How well a card goes with all that is searched for, by the words of its fields, of which the first counts most:
    /// for each word the best it goes with anywhere. None where it has not all of them.
    pub(super) fn score(&self, fields: [&[u32]; 3]) -> Option<u32> {
        let mut best = [0_u8; MOST];
        let best = &mut best[..self.count];
        // A word of a field goes better than any of the fields behind it.
        for (field, base) in fields.into_iter().zip([6, 3, 0]) {
            if best.iter().all(|grade| *grade > base + WHOLE) {
                break;
            }
            for number in field {
                let from = *number as usize * self.count;
                for (best, grade) in best.iter_mut().zip(&self.grades[from..from + self.count]) {
                    if *grade > 0 {
                        *best = (*best).max(base + grade);
                    }
                }
            }
        }
        best.iter().try_fold(0, |sum, grade| (*grade > 0).then(|| sum + u32::from(*grade)))
    }
}
