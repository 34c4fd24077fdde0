//! What AWS keeps in Secrets Manager: read once, when a function starts. As variables of 70 functions they would be
//! more references than a template may have, and be shown to whoever may see a function's configuration.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use futures_util::future::try_join_all;

use crate::aws::client_config;
use crate::config::{ConfigError, Settings};

/// The settings that are secrets. Where `X` is not set, `X_SECRET` may name the secret that holds it, by name or ARN.
const SECRETS: [(&str, &str); 4] = [
    ("ACCESS_PRIVATE_KEY", "ACCESS_PRIVATE_KEY_SECRET"),
    ("CODE_KEY", "CODE_KEY_SECRET"),
    ("CURSOR_KEY", "CURSOR_KEY_SECRET"),
    ("SMTP_URL", "SMTP_URL_SECRET"),
];

/// The settings, with the values of the secrets that they name. Asks Secrets Manager, at
/// `AWS_ENDPOINT_URL_SECRETS_MANAGER` if that is set, only where they name one.
pub(crate) async fn fetched(settings: Settings) -> Result<Settings, ConfigError> {
    let named = SECRETS.into_iter().filter(|(name, _)| settings.optional(name).is_none());
    let named = named.filter_map(|(name, by)| settings.optional(by).map(|id| (name, id)));
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return Ok(settings);
    }
    let mut config = client_config(&settings)?;
    config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
    let client = Client::new(&config.build());
    let values = named.into_iter().map(async |(name, id)| {
        let value = value(&client, &id).await.map_err(|problem| ConfigError::Secret { name, problem })?;
        Ok((name.to_owned(), value))
    });
    let values: BTreeMap<_, _> = try_join_all(values).await?.into_iter().collect();
    Ok(settings.with(values))
}

/// The current version of a secret
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>).
async fn value(client: &Client, id: &str) -> Result<String, String> {
    let found = client.get_secret_value().secret_id(id).send().await;
    let found = found.map_err(|error| match error.code() {
        Some(code) => format!("Secrets Manager answered {code}"),
        None => "Secrets Manager did not answer".to_owned(),
    })?;
    found.secret_string.ok_or_else(|| "the secret is no text".to_owned())
}
