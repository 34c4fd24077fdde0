//! A place in a template, with its path for errors, that resolves what can be resolved without deploying.

use std::borrow::Cow;

use serde_norway::Value;

use super::{Template, TemplateError};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    template: &'a Template,
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(template: &'a Template, value: &'a Value, path: String) -> Self {
        Self { template, value, path }
    }

    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Self::new(self.template, value, format!("{}.{key}", self.path)))
    }

    pub(super) fn require(&self, key: &str) -> Result<Self, TemplateError> {
        self.get(key).ok_or_else(|| TemplateError::Missing(format!("{}.{key}", self.path)))
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, TemplateError> {
        self.get(key).map(|node| node.as_number()).transpose()
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, TemplateError> {
        let Some(node) = self.get(key) else { return Ok(false) };
        match node.text()?.as_ref() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(node.unexpected("true or false")),
        }
    }

    pub(super) fn entries(&self) -> Result<Vec<(String, Self)>, TemplateError> {
        let mapping = self.value.as_mapping().ok_or_else(|| self.unexpected("a mapping"))?;
        let named = mapping.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
        let node = |key| format!("{}.{key}", self.path);
        Ok(named.map(|(key, value)| (key.to_owned(), Self::new(self.template, value, node(key)))).collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, TemplateError> {
        let list = self.value.as_sequence().ok_or_else(|| self.unexpected("a list"))?;
        let node = |(index, value)| Self::new(self.template, value, format!("{}[{index}]", self.path));
        Ok(list.iter().enumerate().map(node).collect())
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, TemplateError> {
        self.items()?.iter().map(|item| Ok(item.text()?.into_owned())).collect()
    }

    pub(super) fn as_number(&self) -> Result<u64, TemplateError> {
        self.text()?.parse().map_err(|_| self.unexpected("a whole number"))
    }

    /// A literal scalar, or the default of the parameter it refers to.
    pub(super) fn text(&self) -> Result<Cow<'a, str>, TemplateError> {
        let value = match reference(self.value, "Ref").and_then(Value::as_str) {
            Some(parameter) => self.template.parameters.get(parameter).and_then(|found| found.get("Default")),
            None => Some(self.value),
        };
        match value {
            Some(Value::String(text)) => Ok(Cow::Borrowed(text)),
            Some(Value::Number(number)) => Ok(Cow::Owned(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Cow::Owned(flag.to_string())),
            _ => Err(self.unexpected("a literal or a parameter with a default")),
        }
    }

    /// The resource a `!Ref` or `!GetAtt` names.
    pub(super) fn logical_id(&self) -> Result<String, TemplateError> {
        let found = resource(self.value);
        let output = found.as_deref().and_then(|name| name.split_once(".Outputs."));
        let found = match output {
            Some((_, output)) => {
                self.template.outputs.get(output).and_then(|output| resource(output.get("Value")?))
            }
            None => found,
        };
        let id = found.as_deref().and_then(|name| name.split('.').next()).map(str::to_owned);
        id.ok_or_else(|| self.unexpected("a reference to a resource"))
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> TemplateError {
        TemplateError::Unexpected { path: self.path.clone(), expected }
    }
}

/// `Name`, `Name.Attribute` or `Stack.Outputs.Output`.
fn resource(value: &Value) -> Option<String> {
    if let Some(name) = reference(value, "Ref") {
        return name.as_str().map(str::to_owned);
    }
    match reference(value, "GetAtt")? {
        Value::String(path) => Some(path.clone()),
        Value::Sequence(parts) => {
            Some(parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("."))
        }
        _ => None,
    }
}

/// The argument of an intrinsic function, in its short form (`!Ref x`) or its long one (`Ref: x`).
fn reference<'a>(value: &'a Value, function: &str) -> Option<&'a Value> {
    match value {
        Value::Tagged(tagged) if tagged.tag == function => Some(&tagged.value),
        Value::Mapping(mapping) if mapping.len() == 1 => {
            mapping.get(function).or_else(|| mapping.get(format!("Fn::{function}")))
        }
        _ => None,
    }
}
