//! Tables that are generated into documents, between `<!-- bench NAME -->` and `<!-- end -->`.

use banister_checks::files;

use crate::BenchError;

const END: &str = "<!-- end -->";

fn begin(name: &str) -> String {
    format!("<!-- bench {name} -->\n")
}

/// A document with the text between its marks of `name` replaced; none where it has no such marks.
fn replaced(document: &str, name: &str, text: &str) -> Option<String> {
    let begin = begin(name);
    let (before, rest) = document.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n{}\n\n{END}{after}", text.trim_end()))
}

/// The document at `path` with new texts between its marks.
pub(crate) fn with(path: &str, texts: &[(&str, String)]) -> Result<String, BenchError> {
    let mut document = files::read(path)?;
    for (name, text) in texts {
        let missing = || BenchError::Document { path: path.to_owned(), name: (*name).to_owned() };
        document = replaced(&document, name, text).ok_or_else(missing)?;
    }
    Ok(document)
}

/// Writes a document.
pub(crate) fn write(path: &str, document: &str) -> Result<(), BenchError> {
    Ok(std::fs::write(files::root().join(path), document)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let document = "a\n<!-- bench one -->\nold\n<!-- end -->\nb\n<!-- bench two -->\n<!-- end -->\n";
        let new = replaced(document, "one", "| new |\n").expect("marks");
        let wanted =
            "a\n<!-- bench one -->\n\n| new |\n\n<!-- end -->\nb\n<!-- bench two -->\n<!-- end -->\n";
        assert_eq!(new, wanted);
        assert_eq!(replaced(&new, "one", "| new |\n").as_deref(), Some(wanted));
        assert_eq!(replaced(document, "three", ""), None);
    }
}
