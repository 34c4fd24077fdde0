//! `CorsConfiguration` of an `AWS::Serverless::HttpApi`.

use super::TemplateError;
use super::value::Node;

/// Which web pages may call the HTTP API, and what they may send and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCors {
    /// Origins; none where a parameter without a default lists them.
    pub origins: Option<Vec<String>>,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Request headers.
    pub headers: Vec<String>,
    /// Headers of answers that a page may read.
    pub exposed: Vec<String>,
    /// How long a browser may keep the answer to a preflight request.
    pub max_age_seconds: Option<u64>,
}

pub(super) fn read(api: &Node<'_>) -> Result<ApiCors, TemplateError> {
    let cors = api.require("CorsConfiguration")?;
    Ok(ApiCors {
        origins: cors.require("AllowOrigins")?.texts().ok(),
        methods: cors.require("AllowMethods")?.texts()?,
        headers: cors.require("AllowHeaders")?.texts()?,
        exposed: cors.require("ExposeHeaders")?.texts()?,
        max_age_seconds: cors.number("MaxAge")?,
    })
}
