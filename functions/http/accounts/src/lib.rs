//! Accounts: registration, confirmation of the address, passwords, the own account and its jobs.

mod change_password;
mod complete_password_reset;
mod confirm_email;
mod confirm_email_change;
mod confirm_phone;
mod confirm_totp;
mod delete_me;
mod export_me;
mod get_job;
mod get_me;
mod list_job_results;
mod register_account;
mod remove_totp;
mod renew_recovery_codes;
mod request_email_change;
mod request_password_reset;
mod resend_confirmation;
mod second_factor;
mod set_up_totp;
mod update_me;

use banister_domain::account::{InvalidPassword, Password};
use banister_integrations::breaches::Breaches;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::identity::code::Codes;
use banister_platform::identity::password::Passwords;
use banister_platform::objects::Bucket;
use banister_platform::store::{self, CredentialsRecord};
use banister_platform::table::Table;
use banister_platform::view::Viewer;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Accounts {
    gate: Gate,
    clock: Clock,
    table: Table,
    store: store::Accounts,
    factors: store::SecondFactors,
    erasures: store::Erasures,
    exports: store::Exports,
    jobs: store::Jobs,
    bulks: store::Bulks,
    codes: Codes,
    passwords: Passwords,
    /// None where nobody is asked.
    breaches: Option<Breaches>,
    private: Bucket,
    cursors: Cursors,
    viewer: Viewer,
}

impl Accounts {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            store: store::Accounts::new(table.clone()),
            factors: store::SecondFactors::from_settings(settings, table.clone())?,
            erasures: store::Erasures::new(table.clone()),
            exports: store::Exports::new(table.clone()),
            jobs: store::Jobs::new(table.clone()),
            bulks: store::Bulks::new(table.clone()),
            codes: Codes::from_settings(settings)?,
            passwords: Passwords::from_settings(settings)?,
            breaches: settings.parsed("BREACHED_PASSWORDS_URL", Breaches::named)?,
            private: Bucket::from_settings(settings, "PRIVATE_BUCKET")?,
            cursors: Cursors::from_settings(settings)?,
            viewer: Viewer::from_settings(settings)?,
            clock,
            table,
        })
    }

    /// Whether a password is the one of these credentials.
    async fn matches(&self, password: &Password, credentials: &CredentialsRecord) -> Result<bool, Problem> {
        let hash = credentials.password_hash.clone();
        self.passwords.verify(password.clone(), hash).await.map_err(Problem::internal)
    }

    /// Refuses a password that is known from a breach. Where nobody says whether it is, it is taken: what is too common
    /// or too near was refused before, and nobody could register while somebody else's service is down (decision 31).
    async fn unbreached(&self, password: &Password, pointer: &str) -> Result<(), Problem> {
        let Some(breaches) = &self.breaches else { return Ok(()) };
        match breaches.know(password.expose()).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Problem::invalid(pointer, InvalidPassword::Breached.to_string())),
            Err(error) => {
                tracing::warn!(%error, "whether a password is known from a breach was not told");
                Ok(())
            }
        }
    }
}

impl HasGate for Accounts {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Accounts> {
    banister_platform::area!("accounts": Accounts; register_account, confirm_email, resend_confirmation,
        request_password_reset, complete_password_reset, get_me, update_me, change_password, set_up_totp,
        confirm_totp, remove_totp, renew_recovery_codes, confirm_phone, request_email_change,
        confirm_email_change, delete_me, get_job, list_job_results, export_me)
}
