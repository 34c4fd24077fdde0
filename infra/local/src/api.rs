//! All areas put together: the operations, and the OpenAPI document.

use banister_platform::http::{Area, Operation, Problem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
};

/// Every operation of the API, area by area.
#[must_use]
pub fn operations() -> Vec<Operation> {
    fn of<S: Clone + Send + Sync + 'static>(area: &Area<S>) -> Vec<Operation> {
        area.operations().to_vec()
    }
    [
        of(&banister_http_accounts::area()),
        of(&banister_http_sessions::area()),
        of(&banister_http_catalog::area()),
        of(&banister_http_availability::area()),
        of(&banister_http_bookings::area()),
        of(&banister_http_reviews::area()),
        of(&banister_http_search::area()),
        of(&banister_http_chat::area()),
        of(&banister_http_files::area()),
        of(&banister_http_admin::area()),
        of(&banister_http_docs::area()),
    ]
    .concat()
}

/// The OpenAPI 3.1 document of the whole API.
#[must_use]
pub fn document() -> OpenApi {
    let parts = [
        banister_http_accounts::area().openapi(),
        banister_http_sessions::area().openapi(),
        banister_http_catalog::area().openapi(),
        banister_http_availability::area().openapi(),
        banister_http_bookings::area().openapi(),
        banister_http_reviews::area().openapi(),
        banister_http_search::area().openapi(),
        banister_http_chat::area().openapi(),
        banister_http_files::area().openapi(),
        banister_http_admin::area().openapi(),
        banister_http_docs::area().openapi(),
    ];
    let info = InfoBuilder::new()
        .title("Banister")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A marketplace of services: customers find, book and talk to providers.\n\nSign in with \
             `POST /v1/sessions` and send the access token as `Authorization: Bearer …`. Errors are \
             problem documents (RFC 9457) with a stable `code`. Lists answer pages: give `next_cursor` \
             as `cursor` for the next one.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .contact(Some(ContactBuilder::new().name(Some("Banister")).build()))
        .build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = ComponentsBuilder::new()
        .schema_from::<Problem>()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    let whole = OpenApiBuilder::new().info(info).components(Some(components)).build();
    parts.into_iter().fold(whole, |mut whole, part| {
        whole.merge(part);
        whole
    })
}

/// The document as it is committed: pretty JSON, every object's keys in order, with a line end.
///
/// # Panics
/// Never: a document of strings and numbers is JSON.
#[must_use]
pub fn document_text() -> String {
    // By way of a value, since some of the document's maps have no order of their own.
    let document = serde_json::to_value(document()).expect("a document of strings and numbers is JSON");
    format!("{document:#}\n")
}
