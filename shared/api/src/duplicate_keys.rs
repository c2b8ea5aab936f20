//! Duplicate names in a JSON object: parsers disagree about which value counts (RFC 8259 §4), so such a body is refused.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The path of the first duplicate name, such as `metadata.items[1].name`, of a text that is known to be JSON.
pub(crate) fn first_duplicate_key(json: &[u8]) -> Option<String> {
    let mut found = None;
    match Names(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(json)) {
        Ok(()) => None,
        Err(_) => found,
    }
}

/// Visits every object; stops with an error at the first duplicate name, whose path is built from the inside out.
struct Names<'f>(&'f mut Option<String>);

impl Names<'_> {
    fn prefix_path(&mut self, place: &str) {
        if let Some(path) = self.0 {
            let dot = if path.starts_with('[') { "" } else { "." };
            *path = format!("{place}{dot}{path}");
        }
    }
}

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                *self.0 = Some(name);
                return Err(A::Error::custom("duplicate name"));
            }
            if let Err(error) = members.next_value_seed(Names(self.0)) {
                self.prefix_path(&name);
                return Err(error);
            }
            names.insert(name);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        for index in 0.. {
            match entries.next_element_seed(Names(self.0)) {
                Ok(Some(())) => {}
                Ok(None) => break,
                Err(error) => {
                    self.prefix_path(&format!("[{index}]"));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
