//! An area's routes in one list, with the access and the error codes of each.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use banister_domain::access::Permission;
use serde_json::json;
use utoipa::openapi::path::{Operation as ApiOperation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Schema, Type,
    security::SecurityRequirement,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::input::unknown_parameter;
use super::{Answer, Caller, Code, finish};
use crate::identity::Access;
use crate::telemetry;

/// What the types of a handler say of its operation.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// What it demands of its caller.
    pub access: Access,
    /// Whether its good answers have an `ETag`.
    pub tagged: bool,
    /// Whether caches may keep its good answers.
    pub cacheable: bool,
}

/// An async function whose parameters are the area's state, then its caller, then what it reads.
/// A function that says nothing about its caller is no endpoint and does not compile as one.
pub trait Endpoint<Parameters> {
    /// What its types say.
    const CONTRACT: Contract;
}

macro_rules! endpoints {
    ($(($($input:ident),*))+) => {$(
        impl<F, Out, S, C: Caller, $($input,)*> Endpoint<(S, C, $($input,)*)> for F
        where
            F: Fn(State<S>, C, $($input,)*) -> Out,
            Out: Future<Output: Answer>,
        {
            const CONTRACT: Contract = Contract {
                access: C::ACCESS,
                tagged: <Out::Output as Answer>::TAGGED,
                cacheable: <Out::Output as Answer>::CACHEABLE,
            };
        }
    )+};
}
endpoints! { () (A) (A, B) (A, B, D) (A, B, D, E) }

/// What the types of `handler` say.
pub fn contract_of<P, F: Endpoint<P>>(_handler: &F) -> Contract {
    F::CONTRACT
}

/// One operation of the API.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its operationId: `create_booking`.
    pub id: String,
    /// Its area: `bookings`.
    pub area: &'static str,
    /// HTTP method in upper case.
    pub method: String,
    /// Path with parameters in braces.
    pub path: String,
    /// What it demands of its caller.
    pub access: Access,
    /// The codes of its problem documents.
    pub codes: Vec<Code>,
}

/// The routes of one area, over its state.
pub struct Area<S> {
    name: &'static str,
    router: OpenApiRouter<S>,
    operations: Vec<Operation>,
}

/// Lists the endpoints of an area, each a module that holds a handler of the same name and the
/// codes of its problems as `PROBLEMS`.
#[macro_export]
macro_rules! area {
    ($name:literal: $state:ty; $($endpoint:ident),+ $(,)?) => {{
        let mut area = $crate::http::Area::<$state>::new($name);
        $(area.add(
            $crate::http::routes!($endpoint::$endpoint),
            $crate::http::contract_of(&$endpoint::$endpoint),
            $endpoint::PROBLEMS,
        );)+
        area
    }};
}

impl<S: Clone + Send + Sync + 'static> Area<S> {
    /// An area without endpoints.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, router: OpenApiRouter::new(), operations: Vec::new() }
    }

    /// Adds an endpoint and writes its contract and problems into its description.
    pub fn add(&mut self, described: UtoipaMethodRouter<S>, contract: Contract, problems: &[Code]) {
        let access = contract.access;
        let (schemas, mut paths, mut methods) = described;
        for (path, item) in &mut paths.paths {
            let by_method = [
                ("GET", &mut item.get),
                ("POST", &mut item.post),
                ("PUT", &mut item.put),
                ("PATCH", &mut item.patch),
                ("DELETE", &mut item.delete),
            ];
            for (method, operation) in by_method {
                let Some(operation) = operation else { continue };
                leave_out(operation);
                if contract.tagged {
                    tag(operation, contract.cacheable);
                }
                if contract.cacheable {
                    cache(operation);
                }
                let codes = all_codes(access, operation, problems);
                describe(operation, self.name, access, &codes);
                let name: Arc<str> = operation.operation_id.as_deref().unwrap_or_default().into();
                let known = parameters(operation);
                methods = methods.route_layer(from_fn(move |request: Request, next: Next| {
                    telemetry::name_operation(&name);
                    let refused = unknown_parameter(request.uri().query(), &known);
                    async move {
                        match refused {
                            Some(problem) => problem.into_response(),
                            None => next.run(request).await,
                        }
                    }
                }));
                self.operations.push(Operation {
                    id: operation.operation_id.clone().unwrap_or_default(),
                    area: self.name,
                    method: method.into(),
                    path: path.clone(),
                    access,
                    codes,
                });
            }
        }
        self.router = std::mem::take(&mut self.router).routes((schemas, paths, methods));
    }

    /// The area's operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The area's part of the OpenAPI document.
    #[must_use]
    pub fn openapi(&self) -> OpenApi {
        self.router.get_openapi().clone()
    }

    /// The routes alone, to be merged with those of other areas.
    pub fn into_routes(self, state: S) -> Router {
        self.router.split_for_parts().0.with_state(state)
    }

    /// The service of this area's functions.
    pub fn into_router(self, state: S) -> Router {
        finish(self.into_routes(state))
    }
}

/// One service of several areas' routes, as the gateway puts them together.
pub fn merge(routes: impl IntoIterator<Item = Router>) -> Router {
    finish(routes.into_iter().fold(Router::new(), Router::merge))
}

/// The query parameters that an operation describes.
fn parameters(operation: &ApiOperation) -> Arc<[String]> {
    let known = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    };
    operation.parameters.iter().flatten().filter_map(known).collect()
}

/// A body that may be left out is still never `null`.
fn leave_out(operation: &mut ApiOperation) {
    let Some(RefOr::T(request)) = &mut operation.request_body else { return };
    for body in request.content.values_mut() {
        let RefOr::T(body) = body else { continue };
        if let Some(RefOr::T(Schema::OneOf(choice))) = &mut body.schema
            && let Some(at) = choice.items.iter().position(|item| matches!(item, RefOr::Ref(_)))
        {
            body.schema = Some(choice.items.swap_remove(at));
        }
    }
}

/// Says of the good answers that they have an `ETag`.
fn tag(operation: &mut ApiOperation, cacheable: bool) {
    let good = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
    for (_, response) in good {
        let RefOr::T(response) = response else { continue };
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .description(Some(if cacheable {
                "The tag of what is shown, for `If-None-Match`"
            } else {
                "The tag of what is shown, for `If-Match`"
            }))
            .build();
        response.headers.insert("ETag".to_owned(), RefOr::T(header));
    }
}

/// Says that a client who has the answer may say so, and is told that it is still that one.
fn cache(operation: &mut ApiOperation) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let known = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some("The `ETag` of the answer that you have"))
        .schema(Some(text()));
    operation.parameters.get_or_insert_default().push(RefOr::T(known.build()));
    let header = HeaderBuilder::new()
        .schema(Some(text()))
        .description(Some("The tag of what is shown, for `If-None-Match`"))
        .build();
    let same = ResponseBuilder::new().description("The same as the answer that you have");
    let same = same.header("ETag", header).build();
    operation.responses.responses.insert("304".into(), RefOr::T(same));
}

/// The codes that an endpoint names, and those that its parameters bring.
fn all_codes(access: Access, operation: &ApiOperation, problems: &[Code]) -> Vec<Code> {
    // Any query can hold an unknown parameter.
    let mut codes = vec![Code::Internal, Code::Unavailable, Code::InvalidInput];
    codes.extend_from_slice(problems);
    if !access.anonymous {
        codes.push(Code::Unauthenticated);
        if access.roles.len() < banister_domain::account::Role::ALL.len() {
            codes.push(Code::Forbidden);
        }
        if !access.before_second_factor && access.roles.iter().any(|role| role.is_staff()) {
            codes.push(Code::SecondFactorSetupRequired);
        }
        if access.confirmed_email {
            codes.push(Code::EmailNotConfirmed);
        }
    }
    if operation.request_body.is_some() {
        codes.extend([Code::MalformedJson, Code::UnsupportedMediaType, Code::TooLarge]);
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn describe(operation: &mut ApiOperation, area: &'static str, access: Access, codes: &[Code]) {
    operation.tags = Some(vec![area.to_owned()]);
    if !access.anonymous {
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    }
    let roles: Vec<_> = access.roles.iter().map(|role| role.as_str()).collect();
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-roles".into(), json!(roles));
    extensions.insert("x-permission".into(), json!(access.permission.map(Permission::as_str)));
    extensions.insert("x-anonymous".into(), json!(access.anonymous));
    extensions.insert("x-confirmed-email".into(), json!(access.confirmed_email));
    let mut statuses: Vec<_> = codes.iter().map(|code| code.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let here: Vec<_> = codes.iter().filter(|code| code.status() == status).collect();
        let text: Vec<_> =
            here.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
        let first =
            here.first().map(|code| super::Problem::new(**code).document("req_01KB2Q7S3H8Z6W4V5N9RXTMCDE"));
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(first).build();
        let response = ResponseBuilder::new()
            .description(text.join(" "))
            .content("application/problem+json", content)
            .build();
        operation.responses.responses.insert(status.as_str().into(), RefOr::T(response));
    }
}
