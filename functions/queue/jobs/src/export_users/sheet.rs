//! Accounts as CSV (RFC 4180): UTF-8, a header, lines that end in CRLF. Nothing that a spreadsheet would
//! take for a formula begins a cell.

use std::borrow::Cow;

use banister_domain::access::Permission;
use banister_domain::account::{Account, PhoneStatus};
use banister_platform::worker::WorkError;
use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

/// The columns: the members of a user in JSON that are not themselves made of others.
const COLUMNS: [&str; 18] = [
    "id",
    "email",
    "role",
    "status",
    "email_confirmed",
    "first_name",
    "last_name",
    "phone",
    "phone_confirmed",
    "phone_taken",
    "bio",
    "locale",
    "time_zone",
    "created_at",
    "disabled_reason",
    "disabled_at",
    "permissions",
    "second_factor_on",
];

/// What spreadsheets take for the beginning of a formula, or skip before one, also in full width
/// (<https://owasp.org/www-community/attacks/CSV_Injection>); and the apostrophe itself, so that whoever
/// reads the file takes one apostrophe from the beginning of every cell that has one, and has what was there.
const MARKED: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// A file in the making.
pub(super) struct Sheet {
    writer: Writer<Vec<u8>>,
    rows: u32,
}

impl Sheet {
    /// With the header alone.
    pub(super) fn new() -> Result<Self, WorkError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(COLUMNS).map_err(unwritable)?;
        Ok(Self { writer, rows: 0 })
    }

    /// One more line.
    pub(super) fn add(&mut self, account: &Account) -> Result<(), WorkError> {
        self.line(&cells(account))
    }

    fn line(&mut self, cells: &[String; COLUMNS.len()]) -> Result<(), WorkError> {
        let cells = cells.each_ref().map(|cell| harmless(cell));
        self.writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(unwritable)?;
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// How many accounts are in it.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// How many bytes it has.
    pub(super) fn size(&mut self) -> Result<usize, WorkError> {
        self.writer.flush().map_err(unwritable)?;
        Ok(self.writer.get_ref().len())
    }

    /// The file.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>, WorkError> {
        self.writer.into_inner().map_err(unwritable)
    }
}

/// Memory cannot fail to be written to; what else fails will fail again.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn unwritable(error: impl ToString) -> WorkError {
    WorkError::Poison(error.to_string())
}

/// A cell that is text to a spreadsheet.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(MARKED) { format!("'{cell}").into() } else { cell.into() }
}

/// In the order of [`COLUMNS`].
fn cells(account: &Account) -> [String; COLUMNS.len()] {
    let disabled = account.disabled.as_ref();
    let permissions: Vec<_> = account.permissions.iter().map(Permission::as_str).collect();
    [
        account.id.to_string(),
        account.email.to_string(),
        account.role.as_str().to_owned(),
        account.status.as_str().to_owned(),
        account.email_confirmed.to_string(),
        account.first_name.to_string(),
        account.last_name.to_string(),
        account.phone.as_ref().map(|phone| phone.as_str().to_owned()).unwrap_or_default(),
        (account.phone_status == PhoneStatus::Confirmed).to_string(),
        (account.phone_status == PhoneStatus::Taken).to_string(),
        account.bio.as_ref().map(ToString::to_string).unwrap_or_default(),
        text(&account.locale),
        account.time_zone.to_string(),
        account.created_at.to_string(),
        disabled.map(|disabled| disabled.reason.to_string()).unwrap_or_default(),
        disabled.map(|disabled| disabled.at.to_string()).unwrap_or_default(),
        permissions.join(" "),
        account.second_factor.to_string(),
    ]
}

/// What is a text in JSON, as there.
fn text(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use banister_domain::id::Id;
    use banister_peers::people::person;
    use csv::ReaderBuilder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let lines = ReaderBuilder::new().has_headers(false).from_reader(bytes).into_records();
        lines.map(|line| line.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
    }

    #[test]
    fn an_account_is_a_line() {
        let mut account = person(Id::from_parts(1, 1), "robin@example.com", "Robin, \"the\" Great");
        let more = json!({ "phone": "+12015550123", "phone_status": "confirmed", "bio": "=HYPERLINK(\"x\")",
            "status": "disabled", "disabled": { "reason": "Line\nand line", "at": "2026-03-09T08:00:00Z" } });
        let mut value = serde_json::to_value(&account).unwrap();
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        account = serde_json::from_value(value).unwrap();
        let mut sheet = Sheet::new().unwrap();
        sheet.add(&account).unwrap();
        assert_eq!(sheet.rows(), 1);
        let bytes = sheet.into_bytes().unwrap();
        let wanted = format!(
            "{}\r\n{},robin@example.com,customer,disabled,true,\
             \"Robin, \"\"the\"\" Great\",One,'+12015550123,true,false,\"'=HYPERLINK(\"\"x\"\")\",en,UTC,\
             1970-01-01T00:00:00Z,\"Line\nand line\",2026-03-09T08:00:00Z,,false\r\n",
            COLUMNS.join(","),
            account.id
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
    }

    #[test]
    fn nobody_is_a_header() {
        assert_eq!(read(&Sheet::new().unwrap().into_bytes().unwrap()), [COLUMNS]);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_is_no_formula(
            lines in prop::collection::vec(prop::array::uniform18(
                prop_oneof!["[=+@\\-\t\r\n'\",; ＝＋－＠a]{0,4}\\PC{0,6}", any::<String>()]
            ), 0..4),
        ) {
            let mut sheet = Sheet::new().unwrap();
            for line in &lines {
                sheet.line(line).unwrap();
            }
            let found = read(&sheet.into_bytes().unwrap());
            prop_assert_eq!(found.len(), 1 + lines.len());
            for (found, wanted) in found[1..].iter().flatten().zip(lines.iter().flatten()) {
                let formula = found.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
                prop_assert!(!formula, "{found:?}");
                prop_assert_eq!(found.strip_prefix('\'').unwrap_or(found), wanted);
            }
        }
    }
}
