//! Just enough of the expression language to count operators and to see what an update sets.

/// The words that are operators; a parenthesis after one does not make it a function.
const WORDS: [&str; 5] = ["AND", "OR", "NOT", "BETWEEN", "IN"];

/// The words that begin a clause of an update.
const CLAUSES: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

/// Splits an expression into names, placeholders and signs.
pub(super) fn tokens(expression: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let length = match word {
            0 if ["<>", "<=", ">="].iter().any(|sign| rest.starts_with(sign)) => 2,
            0 => first.len_utf8(),
            length => length,
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Operators and functions, as the limit of 300 counts them: every comparison, AND, OR, NOT, BETWEEN (with its
/// AND) and IN, every `+` and `-`, every function; the `=` of a SET is none.
pub(super) fn operators(tokens: &[&str], update: bool) -> usize {
    let is = |token: &str, words: &[&str]| words.iter().any(|word| token.eq_ignore_ascii_case(word));
    let between = tokens.iter().filter(|token| is(token, &["BETWEEN"])).count();
    let counted = tokens.iter().enumerate().filter(|(at, token)| match **token {
        "+" | "-" => true,
        "=" | "<" | ">" | "<>" | "<=" | ">=" => !update,
        token if is(token, &WORDS) => !update,
        token => token.starts_with(is_word) && tokens.get(at + 1) == Some(&"("),
    });
    counted.count() - if update { 0 } else { between }
}

/// Each `path = value` of an update's SET: the path's first name and the placeholders of its value.
pub(super) fn assignments<'a>(tokens: &[&'a str]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut depth = 0_usize;
    let mut open = false;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => open = false,
            "=" if at > 0 => {
                found.push((tokens[at - 1], Vec::new()));
                open = true;
            }
            word if CLAUSES.iter().any(|clause| word.eq_ignore_ascii_case(clause)) => open = false,
            value if open && value.starts_with(':') => {
                if let Some((_, values)) = found.last_mut() {
                    values.push(value);
                }
            }
            _ => {}
        }
    }
    found
}

/// The first name of each path of a projection.
pub(super) fn projected<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let first = |at: usize| at == 0 || tokens[at - 1] == ",";
    tokens.iter().enumerate().filter(|(at, _)| first(*at)).map(|(_, token)| *token).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | ':')
}
