//! `event`: prints an event of `events/` with values for its placeholders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use domain::values::moment::Moment;
use local::{Error, demo::Tokens, demo::shop, keys::Keys, wall_clock};

use super::args::EventArgs;

/// Prints the event.
///
/// # Errors
/// When the file or the keys cannot be read, or a placeholder has no value.
pub(super) fn run(args: &EventArgs) -> Result<(), Error> {
    let text = fs::read_to_string(&args.file).map_err(Error::on(&args.file))?;
    let now = wall_clock();
    let tokens = Tokens::mint(&Keys::known(&args.data)?, now)?;
    let known = [
        ("JWT_OWNER", tokens.owner),
        ("JWT_PLATFORM_ADMIN", tokens.platform_admin),
        ("ORIGIN_VERIFY", "local".to_owned()),
        ("RECEIVER", shop::hooks(args.shop_port)),
        ("SINCE", Moment::from_millis(now).plus_secs(-60).to_string()),
    ];
    let mut values: BTreeMap<String, String> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    values.extend(args.set.iter().cloned());
    let filled = fill(&text, &values).map_err(|names| Error::Placeholders { at: args.file.display().to_string(), names })?;
    print!("{filled}");
    Ok(())
}

/// The text with a value in place of each `{{NAME}}`.
///
/// # Errors
/// The names without a value.
fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, Vec<String>> {
    let mut parts = text.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    let mut missing = BTreeSet::new();
    for part in parts {
        match part.split_once("}}") {
            Some((name, rest)) => {
                match values.get(name) {
                    Some(value) => filled.push_str(value),
                    None => drop(missing.insert(name.to_owned())),
                }
                filled.push_str(rest);
            }
            // JSON in JSON: no placeholder begins here.
            None => filled.extend(["{{", part]),
        }
    }
    if missing.is_empty() { Ok(filled) } else { Err(missing.into_iter().collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_gets_its_value_or_is_named() {
        let values = BTreeMap::from([("A", "1"), ("B_C", "2")].map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(fill(r#"{"a":"{{A}}{{B_C}}","b":{"c":{}}}"#, &values).unwrap(), r#"{"a":"12","b":{"c":{}}}"#);
        assert_eq!(fill("{{A}} {{X}} {{CTX}} {{X}}", &values), Err(vec!["CTX".to_owned(), "X".to_owned()]));
        assert_eq!(fill("{{ and no end", &values).unwrap(), "{{ and no end");
    }
}
