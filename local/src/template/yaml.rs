//! Reads YAML into JSON, with short intrinsics in their long form: `!Ref X` becomes `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value};

use super::TemplateError;

/// Reads the first document of `text`.
pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    let documents = YamlOwned::load_from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    documents.first().map_or(Ok(Value::Null), node)
}

fn node(yaml: &YamlOwned) -> Result<Value, TemplateError> {
    match yaml {
        YamlOwned::Value(scalar) => Ok(plain(scalar)),
        YamlOwned::Representation(text, ..) => Ok(Value::from(text.as_str())),
        YamlOwned::Sequence(items) => items.iter().map(node).collect(),
        YamlOwned::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(text(&node(key)?), node(value)?);
            }
            Ok(Value::Object(map))
        }
        YamlOwned::Tagged(tag, inner) => Ok(intrinsic(&tag.suffix, node(inner)?)),
        YamlOwned::Alias(_) | YamlOwned::BadValue => Err(TemplateError::Yaml("a node without a value".to_owned())),
    }
}

fn plain(scalar: &ScalarOwned) -> Value {
    match scalar {
        ScalarOwned::Null => Value::Null,
        ScalarOwned::Boolean(value) => Value::from(*value),
        ScalarOwned::Integer(value) => Value::from(*value),
        ScalarOwned::FloatingPoint(value) => Value::from(value.into_inner()),
        ScalarOwned::String(value) => Value::from(value.as_str()),
    }
}

/// CloudFormation's long form of a short tag; `Ref` and `Condition` are the two without `Fn::`.
fn intrinsic(tag: &str, argument: Value) -> Value {
    let (name, argument) = match tag {
        "Ref" | "Condition" => (tag.to_owned(), argument),
        "GetAtt" => ("Fn::GetAtt".to_owned(), attribute_path(argument)),
        _ => (format!("Fn::{tag}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

fn attribute_path(argument: Value) -> Value {
    match argument.as_str().and_then(|path| path.split_once('.')) {
        Some((resource, attribute)) => Value::from(vec![resource, attribute]),
        None => argument,
    }
}

/// A scalar as the text of an environment variable or key.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_intrinsics_become_their_long_form() {
        let read = read("a: !Ref Clicks\nb: !GetAtt Clicks.Arn\nc: !Sub '${X}-y'\nd: !If [Q, 1, 2]").unwrap();
        let expected = serde_json::json!({
            "a": {"Ref": "Clicks"}, "b": {"Fn::GetAtt": ["Clicks", "Arn"]},
            "c": {"Fn::Sub": "${X}-y"}, "d": {"Fn::If": ["Q", 1, 2]}
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn quoted_numbers_stay_text() {
        assert_eq!(read("a: '007'\nb: 7").unwrap(), serde_json::json!({"a": "007", "b": 7}));
    }
}
