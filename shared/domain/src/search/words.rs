//! What words are, and when two are the same.

use std::borrow::Cow;

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Serialize};
use snowball_stemmers_rs::{Algorithm, Stemmer};

/// The text as it is compared: compatible forms are one (NFKC), in lower case, without accents. Of Russian, ё is е,
/// as it is mostly written, and й stays itself.
#[must_use]
pub fn fold(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc();
    let apart = DecomposingNormalizerBorrowed::new_nfkd();
    let class = CanonicalCombiningClassMapBorrowed::new();
    let mut folded = String::with_capacity(text.len());
    for c in composed.normalize_iter(text.chars()).flat_map(char::to_lowercase) {
        match c {
            // What most of all text is.
            '\0'..='\u{7f}' | 'а'..='я' => folded.push(c),
            // Other letters for the same one, which no normal form knows.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            _ => {
                let marks = |c: &char| class.get_u8(*c) == 0;
                folded.extend(apart.normalize_iter(std::iter::once(c)).filter(marks));
            }
        }
    }
    folded
}

/// The words of a text in their order, folded: runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let apart = |c: char| !c.is_alphanumeric();
    folded.split(apart).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What English and Russian words that differ in their ending only have in common.
pub(super) struct Stems {
    english: Stemmer,
    russian: Stemmer,
}

impl Stems {
    pub(super) fn new() -> Self {
        Self { english: Stemmer::create(Algorithm::English), russian: Stemmer::create(Algorithm::Russian) }
    }

    /// Of a folded word; a word of another script is its own.
    pub(super) fn stem<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match word.chars().next() {
            Some('a'..='z') => self.english.stem(word),
            Some('а'..='я') => self.russian.stem(word),
            _ => word.into(),
        }
    }
}

/// Why a text is nothing to search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearchText {
    /// Longer than what is searched for.
    #[error("must have at most {} characters", SearchText::LONGEST)]
    TooLong,
    /// More words than are searched for.
    #[error("must have at most {} words", SearchText::MOST)]
    TooMany,
    /// Nothing but signs and spaces.
    #[error("must have a word")]
    NoWord,
}

/// The words that somebody searches for: one to ten, folded, in 200 characters at most. One that is repeated
/// counts once; the last one may be the beginning of a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SearchText(Vec<String>);

impl SearchText {
    /// Characters at most.
    pub const LONGEST: usize = 200;
    /// Different words at most.
    pub const MOST: usize = 10;

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<String> for SearchText {
    type Error = InvalidSearchText;

    fn try_from(text: String) -> Result<Self, InvalidSearchText> {
        if text.chars().count() > Self::LONGEST {
            return Err(InvalidSearchText::TooLong);
        }
        let mut all = words(&text);
        let last = all.pop().ok_or(InvalidSearchText::NoWord)?;
        let mut different: Vec<String> = Vec::new();
        for word in all {
            // The last one stays the last, whatever came before.
            if word != last && !different.contains(&word) {
                different.push(word);
            }
        }
        different.push(last);
        if different.len() > Self::MOST { Err(InvalidSearchText::TooMany) } else { Ok(Self(different)) }
    }
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_leaves_what_people_type() {
        for (text, folded) in [
            ("Façade Café", "facade cafe"),
            ("cafe\u{301}", "cafe"),
            ("ＦＵＬＬ ½ ﬁne", "full 1⁄2 fine"),
            ("Ёлка ёж", "елка еж"),
            ("е\u{308}ж", "еж"),
            ("Йод, йога", "йод, йога"),
            ("и\u{306}ога", "йога"),
            ("Straße ŁÓDŹ Ærø", "strasse lodz aero"),
            ("İstanbul ılık", "istanbul ilik"),
            ("Київ", "киів"),
            ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Deep-tissue massage, 60'!"), ["deep", "tissue", "massage", "60"]);
        assert_eq!(words("Стрижка & укладка"), ["стрижка", "укладка"]);
        assert_eq!(words(" …— "), [""; 0]);
    }

    #[test]
    fn endings_do_not_matter() {
        let stems = Stems::new();
        for alike in [
            &["massage", "massages", "massaging"][..],
            &["cleaning", "cleans", "cleaned"],
            &["массаж", "массажа", "массажи", "массажем"],
            &["уборка", "уборки", "уборку"],
            &["стрижка", "стрижки", "стрижек"][..2],
        ] {
            let first = stems.stem(alike[0]);
            assert!(alike.iter().all(|word| stems.stem(word) == first), "{alike:?}");
        }
        assert_ne!(stems.stem("cleaning"), stems.stem("clear"));
        assert_eq!(stems.stem("中文"), "中文");
    }

    #[test]
    fn a_search_has_one_to_ten_words() {
        let read = |text: &str| SearchText::try_from(text.to_owned());
        let words = read("Yoga, yoga & Йога YOGA").map(|text| text.0);
        assert_eq!(words, Ok(vec!["йога".to_owned(), "yoga".to_owned()]));
        assert_eq!(read(" -- "), Err(InvalidSearchText::NoWord));
        assert_eq!(read(&"a ".repeat(101)), Err(InvalidSearchText::TooLong));
        assert_eq!(read("a b c d e f g h i j a").map(|text| text.0.len()), Ok(10));
        assert_eq!(read("a b c d e f g h i j k"), Err(InvalidSearchText::TooMany));
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in ".{0,60}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn any_word_has_a_stem(text in "[a-zа-я0-9]{1,20}") {
            prop_assert!(!Stems::new().stem(&text).is_empty());
        }
    }
}
