//! Resolves the intrinsic functions `Ref`, `GetAtt`, `Sub`, `If` and `Join`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Site, TemplateError, conditions, yaml};

/// What references to one resource resolve to.
pub(super) struct Reference {
    /// `Ref`: a table's name, a queue's URL.
    pub(super) reference: String,
    /// `GetAtt`, by attribute.
    pub(super) attributes: BTreeMap<&'static str, String>,
}

/// The values that intrinsics can refer to.
pub(super) struct Resolver {
    values: BTreeMap<String, String>,
    conditions: BTreeMap<String, Value>,
    resources: BTreeMap<String, Option<Reference>>,
}

impl Resolver {
    /// Reads the parameters, pseudo parameters, conditions and resource ids of `document`.
    pub(super) fn new(document: &Value, site: &Site) -> Self {
        let mut values = BTreeMap::from(
            [
                ("AWS::Region", site.region.as_str()),
                ("AWS::AccountId", site.account.as_str()),
                ("AWS::Partition", "aws"),
                ("AWS::StackName", "local"),
                ("AWS::URLSuffix", "amazonaws.com"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (name, parameter) in members(document, "Parameters") {
            let default = || parameter.get("Default").map(yaml::text);
            let value = site.parameters.get(name).cloned().or_else(default);
            values.insert(name.clone(), value.unwrap_or_default());
        }
        let conditions = members(document, "Conditions");
        let resources = members(document, "Resources");
        Self {
            values,
            conditions: conditions.map(|(name, body)| (name.clone(), body.clone())).collect(),
            resources: resources.map(|(id, _)| (id.clone(), None)).collect(),
        }
    }

    /// Defines what references to `id` resolve to.
    pub(super) fn define(&mut self, id: &str, reference: Reference) {
        self.resources.insert(id.to_owned(), Some(reference));
    }

    /// Whether the named condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Unknown(format!("condition {name}"));
        conditions::holds(self, self.conditions.get(name).ok_or_else(unknown)?)
    }

    /// `value` with every intrinsic replaced; members that resolve to nothing are left out.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(map) => match single(map) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => self.intrinsic(name, argument),
                _ => self.members(map),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    /// [`Self::resolve`], as text.
    pub(super) fn text(&self, value: &Value) -> Result<String, TemplateError> {
        Ok(yaml::text(&self.resolve(value)?))
    }

    fn members(&self, map: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (key, value) in map {
            let value = self.resolve(value)?;
            if !value.is_null() {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn intrinsic(&self, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        match (name, argument.as_array().map(Vec::as_slice)) {
            ("Ref", _) => self.reference(&yaml::text(argument)),
            ("Fn::GetAtt", Some([id, attribute])) => self.attribute(&yaml::text(id), &yaml::text(attribute)).map(Value::from),
            ("Fn::Sub", Some([text, extra])) => self.substitute(&yaml::text(text), extra),
            ("Fn::Sub", None) => self.substitute(&yaml::text(argument), &Value::Null),
            ("Fn::If", Some([condition, yes, no])) => {
                let holds = self.condition(&yaml::text(condition))?;
                self.resolve(if holds { yes } else { no })
            }
            ("Fn::Join", Some([separator, Value::Array(parts)])) => {
                let parts: Result<Vec<_>, _> = parts.iter().map(|part| self.text(part)).collect();
                Ok(Value::from(parts?.join(&yaml::text(separator))))
            }
            _ => Err(TemplateError::Unknown(format!("{name} {argument}"))),
        }
    }

    fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        if name == "AWS::NoValue" {
            return Ok(Value::Null);
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Value::from(value.as_str()));
        }
        match self.resources.get(name) {
            Some(Some(resource)) => Ok(Value::from(resource.reference.as_str())),
            // Of other resources, and of those SAM creates by itself, only the name is used here.
            Some(None) => Ok(Value::from(name)),
            None if name.starts_with("Serverless") => Ok(Value::from(name)),
            None => Err(TemplateError::Unknown(format!("reference to {name}"))),
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<String, TemplateError> {
        let known = match self.resources.get(id) {
            Some(Some(resource)) => resource.attributes.get(attribute).cloned(),
            Some(None) => Some(format!("{id}.{attribute}")),
            None => None,
        };
        known.ok_or_else(|| TemplateError::Unknown(format!("attribute {id}.{attribute}")))
    }

    fn substitute(&self, text: &str, extra: &Value) -> Result<Value, TemplateError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').ok_or_else(|| TemplateError::Unknown(format!("substitution in {text:?}")))?;
            filled.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                filled.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = extra.get(name) {
                filled.push_str(&self.text(value)?);
            } else if let Some((id, attribute)) = name.split_once('.') {
                filled.push_str(&self.attribute(id, attribute)?);
            } else {
                filled.push_str(&yaml::text(&self.reference(name)?));
            }
            rest = tail;
        }
        filled.push_str(rest);
        Ok(Value::from(filled))
    }
}

/// The members of a section, in the order of their names.
pub(super) fn members<'a>(document: &'a Value, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    document.get(section).and_then(Value::as_object).into_iter().flatten()
}

/// The members of the object at a JSON pointer.
pub(super) fn members_at<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

/// The member of a map with exactly one member.
pub(super) fn single(map: &Map<String, Value>) -> Option<(&String, &Value)> {
    map.iter().next().filter(|_| map.len() == 1)
}
