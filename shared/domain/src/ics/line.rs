//! Content lines (RFC 5545, 3.1).

/// Most octets of a line, without its end; what is longer goes on in the next one behind a space.
const LONGEST: usize = 75;

/// Content lines, folded.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A property whose name, parameters and value can stand as they are: no text that somebody typed.
    pub(super) fn property(&mut self, name: &str, value: &str) {
        let mut room = LONGEST;
        for character in name.chars().chain([':']).chain(value.chars()) {
            let octets = character.len_utf8();
            if octets > room {
                self.0.push_str("\r\n ");
                room = LONGEST - 1;
            }
            room -= octets;
            self.0.push(character);
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is a text of any kind.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.property(name, &escaped(text));
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A text as a value (3.3.11). Whatever somebody may take for the end of a line becomes the one that is part of
/// the value; other control characters, which no value may have, are left out.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => value.extend(['\\', character]),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => value.push_str("\\n"),
            '\t' => value.push('\t'),
            control if control.is_control() => {}
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> String {
        let mut lines = Lines::default();
        lines.text("SUMMARY", text);
        lines.into_text()
    }

    #[test]
    fn nothing_that_is_typed_ends_a_line_or_a_value() {
        assert_eq!(one("a, b; c\\d\ne"), "SUMMARY:a\\, b\\; c\\\\d\\ne\r\n");
        for end in ["\r\n", "\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(one(&format!("a{end}END:VEVENT")), "SUMMARY:a\\nEND:VEVENT\r\n", "{end:?}");
        }
        assert_eq!(one("a\u{7}b\0c\td"), "SUMMARY:abc\td\r\n");
    }

    proptest! {
        #[test]
        fn lines_are_short_and_unfold_to_what_was_said(text in "\\PC{0,300}") {
            let folded = one(&text);
            prop_assert!(folded.ends_with("\r\n"));
            let lines: Vec<_> = folded.trim_end_matches("\r\n").split("\r\n").collect();
            prop_assert!(lines.iter().all(|line| line.len() <= LONGEST));
            prop_assert!(lines.iter().skip(1).all(|line| line.starts_with(' ')));
            let whole = folded.replace("\r\n ", "");
            prop_assert_eq!(whole, format!("SUMMARY:{}\r\n", escaped(&text)));
        }
    }
}
