//! Requests, compared with the document both ways.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::Contract;
use crate::Answer;

/// What a test sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A rule that no schema of the document expresses: a request may be refused for it though its schema is met.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// A part of the error's message.
    pub message: &'static str,
    /// Why the schema does not say so.
    pub reason: &'static str,
}

const fn except(message: &'static str, reason: &'static str) -> Exception {
    Exception { message, reason }
}

const CROSS_FIELD: &str = "a rule on two members at once";
const BYTES: &str = "a length in bytes of the form that is stored; a schema counts the characters of the request";
const STATE: &str = "depends on what is stored, or on the clock";
const ADDRESS: &str = "a rule on the parts of an address, beyond its pattern";
const REGISTRY: &str = "a list that grows without this API: currencies, time zones, reserved words";
const DECIMALS: &str = "decimals: multipleOf is inexact in clients that compute with binary floats";

impl Exception {
    /// Every one there is.
    pub const ALL: &'static [Self] = &[
        except("must be after scheduledStartAt", CROSS_FIELD),
        except("must be greater than from", CROSS_FIELD),
        except("is required with value", CROSS_FIELD),
        except("is required with currency", CROSS_FIELD),
        except("levels deep", "how deep a JSON object may be nested"),
        except("in the years 0000 to 9999", "RFC 3339 has offsets that lead into other years"),
        except("is not a valid address", ADDRESS),
        except("cannot be given together with primarySlug", CROSS_FIELD),
        except("must not be before since", CROSS_FIELD),
        except("must not be after to", CROSS_FIELD),
        except("must not be before from", CROSS_FIELD),
        except("must not be after until", CROSS_FIELD),
        except("does not go with idempotencyKey", CROSS_FIELD),
        except("cannot be combined with funnel=true", CROSS_FIELD),
        except("is named twice", CROSS_FIELD),
        except("destinationUrl is required", CROSS_FIELD),
        except("signalKey is required", CROSS_FIELD),
        except("must be this campaign", CROSS_FIELD),
        except("type is not a known field", CROSS_FIELD),
        except("bytes", BYTES),
        except("must be 1 to 500 characters", "text of spaces alone"),
        except("must be the name of the handle in the path", STATE),
        except("exactly one of sessionId", CROSS_FIELD),
        except("cannot be changed", STATE),
        except("use transfer-ownership for the owner", STATE),
        except("must be in the future", STATE),
        except("days ago", STATE),
        except("no such campaign", STATE),
        except("names no link of this handle", STATE),
        except("is not one of this list", STATE),
        except("nextCursor", STATE),
        except("x-next-cursor", STATE),
        except("is refused: ", STATE),
        except("ctx is required", "an empty or repeated ctx"),
        except("of that version leads back", STATE),
        except("must not lead back to this service", ADDRESS),
        except("must not contain a user name", ADDRESS),
        except("must not contain a fragment", ADDRESS),
        except("must be on port", ADDRESS),
        except("must be a public address", ADDRESS),
        except("must name a", ADDRESS),
        except("must be an absolute https:// address", ADDRESS),
        except("must be an ISO 4217", REGISTRY),
        except("must be an IANA time zone", REGISTRY),
        except("not a reserved word", REGISTRY),
        except("must not start with xn--", "a rule for new handles alone; one that exists may have such a name"),
        except("neither . nor ..", "two texts among all that the pattern admits"),
        except("decimals", DECIMALS),
        except("is given more than once", "members and parameters that are given twice are lost before a schema sees them"),
    ];
}

impl Contract {
    /// Compares the request with the document: accepted means valid, refused for its shape means invalid.
    #[track_caller]
    pub(super) fn check_request(&self, what: &str, operation: &Value, path: &str, sent: &Sent, answer: &Answer) {
        let is_accepted = answer.status.is_success();
        let faults = refused_for_shape(answer);
        if !is_accepted && faults.is_empty() {
            return;
        }
        let mut problems = self.query_problems(what, operation, path);
        problems.extend(self.path_problems(what, operation, path));
        problems.extend(self.body_problems(what, operation, sent));
        if is_accepted {
            assert!(problems.is_empty(), "{what} accepted what its document says is invalid: {problems:?}\n{path}\n{:?}", sent.body);
            return;
        }
        let is_excepted = |fault: &String| Exception::ALL.iter().any(|exception| fault.contains(exception.message));
        let unexplained: Vec<&String> = faults.iter().filter(|fault| !is_excepted(fault)).collect();
        assert!(
            unexplained.is_empty() || !problems.is_empty(),
            "{what} refused what its document says is valid: {unexplained:?}\n{path}\n{:?}",
            sent.body
        );
    }

    fn path_problems(&self, what: &str, operation: &Value, path: &str) -> Vec<String> {
        let template = what.split_once(' ').map_or("", |(_, template)| template);
        let path = path.split('?').next().unwrap_or_default();
        let parts = template.split('/').zip(path.split('/'));
        let named = parts.filter_map(|(part, given)| Some((part.strip_prefix('{')?.strip_suffix('}')?, given)));
        let mut problems = Vec::new();
        for (name, given) in named {
            let declared = operation["parameters"].as_array().into_iter().flatten();
            let Some(parameter) = declared.into_iter().find(|parameter| parameter["in"] == "path" && parameter["name"] == name) else {
                continue;
            };
            // A path keeps its plus signs, which a query would lose.
            let given = given.replace('+', "%2B");
            let text: String = url::form_urlencoded::parse(format!("v={given}").as_bytes()).map(|(_, value)| value.into_owned()).collect();
            if !self.validator(&parameter["schema"], what).is_valid(&json!(text)) {
                problems.push(format!("{name}={text}"));
            }
        }
        problems
    }

    fn query_problems(&self, what: &str, operation: &Value, path: &str) -> Vec<String> {
        let declared: Vec<&Value> =
            operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query").collect();
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut problems = Vec::new();
        // Operations without declared parameters read none, and redirects pass on whatever comes.
        if declared.is_empty() || what.contains("/_edge/redirect/") {
            return problems;
        }
        for (name, text) in &given {
            let Some(parameter) = declared.iter().find(|parameter| parameter["name"] == name.as_str()) else {
                if !what.contains("/v2/public/context") {
                    problems.push(format!("{name} is not declared"));
                }
                continue;
            };
            let spelled = serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean());
            let validator = self.validator(&parameter["schema"], what);
            let is_valid = validator.is_valid(&json!(text)) || spelled.is_some_and(|value| validator.is_valid(&value));
            if !is_valid {
                problems.push(format!("{name}={text}"));
            }
        }
        for parameter in declared.iter().filter(|parameter| parameter["required"] == true) {
            if !given.iter().any(|(name, _)| parameter["name"] == name.as_str()) {
                problems.push(format!("{} is missing", parameter["name"]));
            }
        }
        problems
    }

    fn body_problems(&self, what: &str, operation: &Value, sent: &Sent) -> Vec<String> {
        let Some(content) = operation["requestBody"]["content"].as_object() else { return Vec::new() };
        let is_required = operation["requestBody"]["required"] == true;
        if sent.body.is_empty() {
            return if is_required { vec!["no body".to_owned()] } else { Vec::new() };
        }
        let header = sent.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let Some(media) = content.get(&essence) else { return vec![format!("{essence} is not declared")] };
        let body = match essence.as_str() {
            "application/x-www-form-urlencoded" => {
                let pairs = url::form_urlencoded::parse(&sent.body).into_owned();
                Value::Object(pairs.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>())
            }
            _ => match serde_json::from_slice(&sent.body) {
                Ok(body) => body,
                Err(error) => return vec![error.to_string()],
            },
        };
        let validator = self.validator(&media["schema"], what);
        validator.iter_errors(&body).map(|error| format!("{error} at {}", error.instance_path())).collect()
    }
}

/// What an answer names as bad of the request's shape; nothing when it is no such refusal.
fn refused_for_shape(answer: &Answer) -> Vec<String> {
    if answer.status != 400 || answer.body.is_empty() {
        return Vec::new();
    }
    let Ok(problem) = serde_json::from_slice::<Value>(&answer.body) else { return Vec::new() };
    let fields = problem["fields"].as_array().cloned().unwrap_or_default();
    fields
        .iter()
        .map(|fault| format!("{} {}", fault["field"].as_str().unwrap_or_default(), fault["message"].as_str().unwrap_or_default()))
        .collect()
}
