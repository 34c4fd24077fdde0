//! template.yaml as plain values: tags in their long form, and `Globals` merged into each function as SAM does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// A SAM template.
#[derive(Debug, Clone)]
pub struct Template(Value);

/// An `AWS::Serverless::Function`.
#[derive(Debug, Clone)]
pub struct Function {
    /// `CreateBookingFunction`.
    pub id: String,
    /// The whole resource, `Globals` included.
    pub resource: Value,
    /// Method and path of the routes of the HTTP API that lead to it.
    pub routes: BTreeSet<(String, String)>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone)]
pub struct Route<'a> {
    /// In upper case; `ANY` of the default.
    pub method: String,
    /// With parameters in braces; `$default` takes what no other route does.
    pub path: &'a str,
    /// What the API's OpenAPI document says of it.
    pub operation: &'a Value,
}

/// Where API Gateway finds a function, around the function's name in the template.
const INVOCATION: (&str, &str) = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${",
    ".Arn}/invocations",
);

/// What reading a secret takes.
const READ_SECRET: &str = "secretsmanager:GetSecretValue";

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// `dynamodb:GetItem`.
    pub actions: BTreeSet<String>,
    /// As [`named`] writes them.
    pub resources: BTreeSet<String>,
}

impl Template {
    /// Reads YAML.
    pub fn parse(text: &str) -> Result<Self, serde_norway::Error> {
        serde_norway::from_str(text).map(|yaml| Self(plain(&yaml)))
    }

    /// A top-level section, such as `Parameters`, by name.
    #[must_use]
    pub fn section(&self, name: &str) -> Vec<(&str, &Value)> {
        entries(&self.0[name]).collect()
    }

    /// Logical id and properties of the resources of one type.
    #[must_use]
    pub fn of_type(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = entries(&self.0["Resources"]).filter(|(_, resource)| resource["Type"] == kind);
        resources.map(|(id, resource)| (id, &resource["Properties"])).collect()
    }

    /// A whole resource; `null` where there is none.
    #[must_use]
    pub fn resource(&self, id: &str) -> &Value {
        &self.0["Resources"][id]
    }

    /// Every function.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        let (resources, routes) = (entries(&self.0["Resources"]), self.routes());
        let functions = resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
        let merged = functions.map(|(id, resource)| {
            let mut whole = json!({"Properties": self.0["Globals"]["Function"]});
            merge(&mut whole, resource);
            let own = routes.iter().filter(|route| route.function() == Some(id));
            let own = own.map(|route| (route.method.clone(), route.path.to_owned())).collect();
            Function { id: id.to_owned(), resource: whole, routes: own }
        });
        merged.collect()
    }

    /// Every route of the HTTP API.
    #[must_use]
    pub fn routes(&self) -> Vec<Route<'_>> {
        let paths = entries(&self.resource("Api")["Properties"]["DefinitionBody"]["paths"]);
        let routes = paths.flat_map(|(path, methods)| {
            entries(methods).map(move |(method, operation)| Route {
                method: match method {
                    "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                    method => method.to_ascii_uppercase(),
                },
                path: if operation["isDefaultRoute"] == true { "$default" } else { path },
                operation,
            })
        });
        routes.collect()
    }
}

impl Route<'_> {
    /// As settings of the API name it: `GET /v1/me`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What it leads to.
    #[must_use]
    pub fn integration(&self) -> &Value {
        &self.operation["x-amazon-apigateway-integration"]
    }

    /// The function that it leads to, if it is one.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        let uri = self.integration()["uri"]["Fn::Sub"].as_str()?;
        uri.strip_prefix(INVOCATION.0)?.strip_suffix(INVOCATION.1)
    }
}

impl Function {
    /// A property; `null` where there is none.
    #[must_use]
    pub fn property(&self, name: &str) -> &Value {
        &self.resource["Properties"][name]
    }

    /// The operation that the function is named after: `create_booking`.
    #[must_use]
    pub fn operation(&self) -> String {
        let mut name = String::new();
        for letter in self.id.strip_suffix("Function").unwrap_or(&self.id).chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    /// The folder of its binary under target/lambda/.
    #[must_use]
    pub fn area(&self) -> &str {
        let folder = self.property("CodeUri").as_str().and_then(|uri| uri.strip_prefix("target/lambda/"));
        folder.and_then(|folder| folder.strip_suffix('/')).unwrap_or_default()
    }

    /// What starts it, of one SAM type: the properties.
    pub fn events(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let events = entries(self.property("Events")).filter(move |(_, event)| event["Type"] == kind);
        events.map(|(_, event)| &event["Properties"])
    }

    /// The WebSocket route that it answers, if it does: `$connect`.
    #[must_use]
    pub fn socket_route<'a>(&self, template: &'a Template) -> Option<&'a str> {
        let routes = entries(&template.resource("SocketApi")["Properties"]["Routes"]);
        let mut own = routes.filter(|(_, route)| target(&route["FunctionArn"]) == Some(&self.id));
        own.next().map(|(route, _)| route)
    }

    /// Its environment variables.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&str, &Value> {
        entries(&self.property("Environment")["Variables"]).collect()
    }

    /// The statements of its own policies; a policy that is only named gives none.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        list(self.property("Policies")).iter().flat_map(statements).collect()
    }

    /// The statements that let it do its work: all but those of its secrets.
    #[must_use]
    pub fn rights(&self) -> Vec<Statement> {
        let reads_a_secret = |one: &Statement| one.actions.contains(READ_SECRET);
        self.statements().into_iter().filter(|one| !reads_a_secret(one)).collect()
    }

    /// The secrets that it may read.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<String> {
        let statements = self.statements().into_iter();
        let reading = statements.filter(|one| one.actions.contains(READ_SECRET));
        reading.flat_map(|one| one.resources).collect()
    }
}

/// The statements of a policy document.
#[must_use]
pub fn statements(policy: &Value) -> Vec<Statement> {
    let texts = |value: &Value| list(value).iter().map(named).collect();
    let read = |statement: &Value| Statement {
        actions: texts(&statement["Action"]),
        resources: texts(&statement["Resource"]),
    };
    list(&policy["Statement"]).iter().map(read).collect()
}

/// A list, or a single value as a list of one; absent is empty.
#[must_use]
pub fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

/// A value in one line: a text as it is, `!Ref X` and the ARN of X as `X`, anything else as JSON.
#[must_use]
pub fn named(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if let Some(id) = target(value) {
        return id.to_owned();
    }
    match value["Fn::Sub"].as_str() {
        Some(text) => {
            let own = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:";
            by_id(&text.replace(own, "").replace("${SocketApi}", "SocketApi"))
        }
        None => value.to_string(),
    }
}

/// A text with each `${X.Arn}` written as `X`.
fn by_id(text: &str) -> String {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(".Arn}") {
            Some((id, rest)) => out.extend([id, rest]),
            None => out.extend(["${", part]),
        }
    }
    out
}

/// The resource that a `!Ref`, or a `!GetAtt` of an ARN or name, points at; a stream's ARN stands for itself.
#[must_use]
pub fn target(value: &Value) -> Option<&str> {
    let attribute = value["Fn::GetAtt"].as_array();
    match attribute.map(Vec::as_slice) {
        Some([id, name]) if name != "StreamArn" => id.as_str(),
        _ => value["Ref"].as_str(),
    }
}

/// The entries of a mapping; nothing else has any.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.as_str()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn plain(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => json!(flag),
        Yaml::Number(number) => {
            number.as_i64().map_or_else(|| json!(number.to_string()), |number| json!(number))
        }
        Yaml::String(text) => json!(text),
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        Yaml::Mapping(mapping) => {
            let entries = mapping.iter().map(|(key, value)| (named(&plain(key)), plain(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tagged) => long_form(&tagged.tag.to_string(), &plain(&tagged.value)),
    }
}

fn long_form(tag: &str, argument: &Value) -> Value {
    match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => json!({ name: argument }),
        "GetAtt" => match argument.as_str().and_then(|text| text.split_once('.')) {
            Some((id, attribute)) => json!({"Fn::GetAtt": [id, attribute]}),
            None => json!({"Fn::GetAtt": argument}),
        },
        name => json!({ format!("Fn::{name}"): argument }),
    }
}
