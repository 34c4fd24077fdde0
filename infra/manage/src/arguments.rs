//! What was typed.

use std::path::PathBuf;

use banister_domain::access::Permission;
use banister_domain::account::{Email, Role};
use banister_domain::id::{JobId, UserId};
use banister_domain::text::{PersonName, Reason};
use jiff::SignedDuration;
use jiff::civil::Date;
use lexopt::prelude::{Long, Short, Value, ValueExt as _};
use lexopt::{Error, Parser};

use crate::rotation::{Deployment, OLD_TOKENS};

pub(crate) const USAGE: &str = "\
Does by hand what operators do: in a local cloud that runs, or, with TABLE_NAME, AWS_REGION and the
credentials of AWS in the environment, in that table.

Usage: cargo manage COMMAND [OPTIONS]

Commands:
  create-superadmin, create-admin, create-accountant, create-management
                  make an account of staff: --email, --first-name, --last-name; the password is asked
                  for, or is the first line of the standard input
  grant, revoke   let a member of staff do something, or no longer: --email or --id, --permission
  disable         switch an account off: --email or --id, --reason
  reset-totp      turn a lost second factor off, and sign its owner out: --email or --id
  unlock          let somebody try again who tried too often to sign in or to use a code: --email or --id
  rotate-keys     make a new key that signs access tokens; the one before stays good for checking them,
                  the one before that does not. Of a local cloud, from its next start on. On AWS one
                  step at a time, to be deployed before the next: --stage, --api; --wait MINUTES that
                  tokens of the old key are let live (30; 0 where somebody else has it)
  reindex-users   write what accounts from before are found by, and claim their telephone numbers
  verify-audit    find what was changed in the audit log: --from, --to (days in UTC; today if not given)
  link-audit      link records of the audit log that the stream had and nobody linked: --from, --to
  continue-job    ask again for the next piece of a job whose message was lost: --job
  rebuild-cards   make the cards by which services and providers are found again, where they are not as
                  they should be; goes through the whole table
  rebuild-counters
                  count users, services and bookings again; goes through the whole table

Options:
  --email ADDRESS --id ID --first-name NAME --last-name NAME --permission NAME --reason TEXT
  --from DAY --to DAY --job ID --stage NAME --api URL --wait MINUTES
  --data DIR      data folder of the local cloud (default .banister)
  --json          answer with one JSON object
  --help          this text

Ends with 0 where it did what it should, with 1 where not or where verify-audit found something, with 2
where it was not understood.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Create { role: Role, email: Email, first_name: PersonName, last_name: PersonName },
    Grant { whom: Whom, permission: Permission },
    Revoke { whom: Whom, permission: Permission },
    Disable { whom: Whom, reason: Reason },
    ResetTotp { whom: Whom },
    Unlock { whom: Whom },
    RotateKeys { deployment: Option<Deployment> },
    ReindexUsers,
    VerifyAudit { from: Option<Date>, to: Option<Date> },
    LinkAudit { from: Option<Date>, to: Option<Date> },
    RebuildCards,
    RebuildCounters,
    ContinueJob { job: JobId },
}

/// Whose account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Email(Email),
    Id(UserId),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    Run { command: Command, data: PathBuf, json: bool },
}

/// Every option, given or not.
#[derive(Default)]
struct Given {
    email: Option<Email>,
    id: Option<UserId>,
    first_name: Option<PersonName>,
    last_name: Option<PersonName>,
    permission: Option<Permission>,
    reason: Option<Reason>,
    from: Option<Date>,
    to: Option<Date>,
    job: Option<JobId>,
    stage: Option<String>,
    api: Option<String>,
    wait: Option<u16>,
}

pub(crate) fn read(mut parser: Parser) -> Result<Arguments, Error> {
    let (mut command, mut given) = (None, Given::default());
    let (mut data, mut json) = (PathBuf::from(".banister"), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Arguments::Help),
            Long("email") => given.email = Some(parser.value()?.parse()?),
            Long("id") => given.id = Some(parser.value()?.parse()?),
            Long("first-name") => given.first_name = Some(parser.value()?.parse()?),
            Long("last-name") => given.last_name = Some(parser.value()?.parse()?),
            Long("permission") => given.permission = Some(parser.value()?.parse_with(permission)?),
            Long("reason") => given.reason = Some(parser.value()?.parse()?),
            Long("from") => given.from = Some(parser.value()?.parse()?),
            Long("to") => given.to = Some(parser.value()?.parse()?),
            Long("job") => given.job = Some(parser.value()?.parse()?),
            Long("stage") => given.stage = Some(parser.value()?.string()?),
            Long("api") => given.api = Some(parser.value()?.string()?),
            Long("data") => data = parser.value()?.into(),
            Long("wait") => given.wait = Some(parser.value()?.parse()?),
            Long("json") => json = true,
            Value(word) if command.is_none() => command = Some(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let command = command.ok_or("a command is missing")?;
    Ok(Arguments::Run { command: given.command(&command)?, data, json })
}

fn permission(name: &str) -> Result<Permission, String> {
    let known = Permission::ALL.into_iter().find(|permission| permission.as_str() == name);
    known.ok_or_else(|| format!("must be one of {}", Permission::ALL.map(Permission::as_str).join(", ")))
}

impl Given {
    /// The command, with all that it needs; what it does not need is refused.
    fn command(mut self, name: &str) -> Result<Command, Error> {
        let command = match name {
            "create-superadmin" => self.create(Role::SuperAdmin)?,
            "create-admin" => self.create(Role::Admin)?,
            "create-accountant" => self.create(Role::Accountant)?,
            "create-management" => self.create(Role::Management)?,
            "grant" => Command::Grant { whom: self.whom()?, permission: self.permission()? },
            "revoke" => Command::Revoke { whom: self.whom()?, permission: self.permission()? },
            "disable" => Command::Disable {
                whom: self.whom()?,
                reason: self.reason.take().ok_or("--reason is missing")?,
            },
            "reset-totp" => Command::ResetTotp { whom: self.whom()? },
            "unlock" => Command::Unlock { whom: self.whom()? },
            "rotate-keys" => Command::RotateKeys { deployment: self.deployment()? },
            "reindex-users" => Command::ReindexUsers,
            "verify-audit" => Command::VerifyAudit { from: self.from.take(), to: self.to.take() },
            "link-audit" => Command::LinkAudit { from: self.from.take(), to: self.to.take() },
            "rebuild-cards" => Command::RebuildCards,
            "rebuild-counters" => Command::RebuildCounters,
            "continue-job" => Command::ContinueJob { job: self.job.take().ok_or("--job is missing")? },
            other => return Err(format!("there is no command {other}").into()),
        };
        let rest = [
            ("--email", self.email.is_some()),
            ("--id", self.id.is_some()),
            ("--first-name", self.first_name.is_some()),
            ("--last-name", self.last_name.is_some()),
            ("--permission", self.permission.is_some()),
            ("--reason", self.reason.is_some()),
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--job", self.job.is_some()),
            ("--stage", self.stage.is_some()),
            ("--api", self.api.is_some()),
            ("--wait", self.wait.is_some()),
        ];
        match rest.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(format!("{name} has no option {option}").into()),
            None => Ok(command),
        }
    }

    fn create(&mut self, role: Role) -> Result<Command, Error> {
        let email = self.email.take().ok_or("--email is missing")?;
        let first_name = self.first_name.take().ok_or("--first-name is missing")?;
        let last_name = self.last_name.take().ok_or("--last-name is missing")?;
        Ok(Command::Create { role, email, first_name, last_name })
    }

    fn whom(&mut self) -> Result<Whom, Error> {
        match (self.email.take(), self.id.take()) {
            (Some(email), None) => Ok(Whom::Email(email)),
            (None, Some(id)) => Ok(Whom::Id(id)),
            _ => Err("one of --email and --id is needed".into()),
        }
    }

    fn deployment(&mut self) -> Result<Option<Deployment>, Error> {
        match (self.stage.take(), self.api.take()) {
            (Some(stage), Some(api)) => {
                let wait = self.wait.take();
                // Shorter than a token lives, people would be asked to sign in again; at once is for a key that is lost.
                if wait.is_some_and(|minutes| (1..15).contains(&minutes)) {
                    return Err("--wait is 0, for a key that is lost, or at least 15".into());
                }
                let wait = wait.map(|minutes| SignedDuration::from_mins(minutes.into()));
                Ok(Some(Deployment { stage, api, wait: wait.unwrap_or(OLD_TOKENS) }))
            }
            (None, None) => Ok(None),
            _ => Err("--stage and --api go together".into()),
        }
    }

    fn permission(&mut self) -> Result<Permission, Error> {
        self.permission.take().ok_or_else(|| "--permission is missing".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> Result<Arguments, Error> {
        read(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn a_command_needs_all_of_its_own_and_nothing_else() {
        for (line, fault) in [
            ("", "a command is missing"),
            ("create-god", "no command create-god"),
            ("create-admin --email a@example.com --first-name A", "--last-name is missing"),
            ("create-admin --email a@ --first-name A --last-name B", "a@"),
            ("grant --permission user_management", "one of --email and --id"),
            ("grant --email a@example.com --id usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "one of --email and --id"),
            ("grant --email a@example.com", "--permission is missing"),
            ("revoke --email a@example.com --permission everything", "must be one of user_management, "),
            ("disable --email a@example.com", "--reason is missing"),
            (
                "disable --email a@example.com --reason Left. --permission user_management",
                "disable has no option --permission",
            ),
            ("reset-totp --reason Lost.", "one of --email and --id"),
            ("unlock", "one of --email and --id"),
            ("rotate-keys --email a@example.com", "rotate-keys has no option --email"),
            ("rotate-keys --stage dev", "--stage and --api go together"),
            ("rotate-keys --wait 0", "rotate-keys has no option --wait"),
            ("rotate-keys --stage dev --api https://api.example.com --wait soon", "soon"),
            ("rotate-keys --stage dev --api https://api.example.com --wait 1", "--wait is 0"),
            ("rotate-keys --stage dev --api https://api.example.com --wait 14", "--wait is 0"),
            ("unlock --email a@example.com --api https://api.example.com", "unlock has no option --api"),
            ("reindex-users --reason x", "reindex-users has no option --reason"),
            ("verify-audit --from yesterday", "yesterday"),
            ("continue-job", "--job is missing"),
            (
                "unlock --email a@example.com --job job_01KB2QM8R1T4W7Z0CEGJKMPSVX",
                "unlock has no option --job",
            ),
            ("verify-audit --password secret", "--password"),
            ("disable twice --email a@example.com", "twice"),
        ] {
            let told = read_line(line).expect_err(line).to_string();
            assert!(told.contains(fault), "{line}: {told}");
        }
    }

    #[test]
    fn options_stand_anywhere() {
        let read = read_line(
            "--json grant --data x --id usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE --permission user_management",
        );
        let whom = Whom::Id("usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE".parse().expect("an id"));
        let command = Command::Grant { whom, permission: Permission::UserManagement };
        assert_eq!(read.expect("a command"), Arguments::Run { command, data: "x".into(), json: true });
        assert_eq!(read_line("grant --help").expect("help"), Arguments::Help);
    }
}
