//! A form reads every member, describes what it reads, and names every bad field.

use super::*;
use serde_json::json;

fn fields(form: &mut Form<'_>) -> Option<(String, bool)> {
    let name = form.required("name", "A name.", text(1..=5));
    let missing = form.required("missing", "Missing.", boolean());
    form.objects("list", "Entries.", 5, |inner| inner.required("b", "A flag.", boolean()));
    form.optional("count", "", integer(1..=3));
    Some((name?, missing?))
}

#[test]
fn every_bad_member_is_named_with_its_path() {
    let body = json!({"name": 1, "list": [{"b": true}, {"b": "no"}, 3], "count": 4, "stray": 0});
    let faults = read(body, Unknown::Refuse, fields).unwrap_err();
    let fields: Vec<_> = faults.0.into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "missing", "list[1].b", "list[2]", "count", "stray"]);
}

#[test]
fn what_reads_a_body_describes_it() {
    let schema = describe(Unknown::Refuse, fields);
    let SchemaKind::Object { members, open: false } = schema.kind else { panic!("{schema:?}") };
    let described: Vec<_> = members.iter().map(|member| (member.name, member.required, member.schema.nullable)).collect();
    assert_eq!(described, [("name", true, false), ("missing", true, false), ("list", false, true), ("count", false, true)]);
    let SchemaKind::List { items, min: 0, max: 5 } = &members[2].schema.kind else { panic!("{members:?}") };
    assert!(matches!(&items.kind, SchemaKind::Object { members, open: false } if members[0].name == "b"));
    assert_eq!(members[3].schema.kind, SchemaKind::Integer { min: 1, max: 3, one_of: Vec::new() });
}

#[test]
fn a_query_is_text_and_takes_each_parameter_once() {
    let read = |query: &str| {
        read_query(query, |form| Some((form.optional("limit", "", integer(1..=100)), form.optional("name", "", text(1..=5)))))
            .map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect::<Vec<_>>())
    };
    assert_eq!(read("limit=5&name=123"), Ok((Some(5), Some("123".to_owned()))));
    assert_eq!(read(""), Ok((None, None)));
    assert_eq!(read("limit=0&limit=1&name=&x=1"), Err(["limit", "limit", "name", "x"].map(str::to_owned).to_vec()));
}

#[test]
fn whole_numbers_may_be_written_with_a_point() {
    let read = |value: Value| integer(1..=5).read(value).ok();
    assert_eq!(read(json!(5.0)), Some(5));
    assert_eq!((read(json!(5.5)), read(json!(6)), read(json!("5")), read(json!(true))), (None, None, None, None));
}
