//! The database across interrupted starts, older versions and damaged files.

use std::fs;

use dynoxide::actions::{put_item::PutItemRequest, query::QueryRequest};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::*;

const TABLE: &str = "local-Table";

fn table(indexes: &[&str]) -> TableSpec {
    let attribute = |name: &&str| json!({"AttributeName": name, "AttributeType": "S"});
    let index = |name: &&str| {
        let schema = json!([{"AttributeName": name, "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]);
        json!({"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}})
    };
    let attributes: Vec<Value> = ["pk", "sk"].iter().chain(indexes).map(attribute).collect();
    let mut creation = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    });
    if !indexes.is_empty() {
        creation["GlobalSecondaryIndexes"] = indexes.iter().map(index).collect();
    }
    TableSpec { id: "Table".to_owned(), name: TABLE.to_owned(), creation, ttl_attribute: Some("ttl".to_owned()) }
}

fn opened(folder: &Path, table: &TableSpec) -> Result<Database, Error> {
    let clock: MillisClock = Arc::new(|| 1_800_000_000_000);
    open(Some(folder), &clock, std::slice::from_ref(table))
}

fn put(database: &Database, number: usize) {
    let item =
        json!({"pk": {"S": format!("p{number}")}, "sk": {"S": "s"}, "due": {"S": "d"}, "list": {"S": "l"}, "text": {"S": "x".repeat(900)}});
    let request: PutItemRequest = serde_json::from_value(json!({"TableName": TABLE, "Item": item})).unwrap();
    database.put_item(request).unwrap();
}

/// How many items an index finds.
fn count(database: &Database, index: &str, value: &str) -> usize {
    let request = json!({
        "TableName": TABLE, "IndexName": index,
        "KeyConditionExpression": "#key = :value",
        "ExpressionAttributeNames": {"#key": index}, "ExpressionAttributeValues": {":value": {"S": value}},
    });
    let request: QueryRequest = serde_json::from_value(request).unwrap();
    let found: Value = serde_json::to_value(database.query(request).unwrap()).unwrap();
    usize::try_from(found["Count"].as_u64().unwrap()).unwrap()
}

fn assert_usable(database: &Database, items: usize, why: &str) {
    put(database, 1_000);
    assert_eq!((count(database, "due", "d"), count(database, "list", "l")), (items + 1, items + 1), "{why}");
    let known = database.get_table_metadata(TABLE).unwrap().unwrap();
    assert_eq!((known.ttl_enabled, known.ttl_attribute.as_deref()), (true, Some("ttl")), "{why}");
}

/// What SQLite has of the table, in the order of creation.
fn objects(connection: &Connection) -> Vec<(String, String)> {
    let mut found =
        connection.prepare("SELECT type, name FROM sqlite_master WHERE name LIKE ?1 AND sql IS NOT NULL ORDER BY rowid").unwrap();
    let rows = found.query_map([format!("{TABLE}%")], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn what_a_write_has_stored_is_there_for_the_next_read_of_the_other_connection() {
    let folder = tempfile::tempdir().unwrap();
    let writer = opened(folder.path(), &table(&["due", "list"])).unwrap();
    let reader = open_reader(folder.path()).unwrap();
    for number in 0..200 {
        put(&writer, number);
        assert_eq!((count(&reader, "due", "d"), count(&reader, "list", "l")), (number + 1, number + 1));
    }
}

#[test]
fn data_of_another_layout_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let now = table(&["due", "list"]);
    let mut former = now.clone();
    former.creation["GlobalSecondaryIndexes"][0]["Projection"] = json!({"ProjectionType": "KEYS_ONLY"});
    put(&opened(folder.path(), &former).unwrap(), 1);
    assert!(matches!(opened(folder.path(), &now), Err(Error::OtherVersion)));
    assert_eq!(count(&opened(folder.path(), &former).unwrap(), "due", "d"), 1);
}

#[test]
fn a_table_left_at_any_step_of_its_creation_is_completed() {
    let spec = table(&["due", "list"]);
    for with_items in [false, true] {
        for step in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let database = opened(folder.path(), &spec).unwrap();
            if with_items {
                put(&database, 0);
            }
            drop(database);
            let connection = Connection::open(folder.path().join(FILE)).unwrap();
            let all = objects(&connection);
            assert_eq!(all.len(), 5, "{all:?}");
            let left = all.iter().skip(step);
            for (kind, name) in left.rev() {
                connection.execute_batch(&format!("DROP {kind} IF EXISTS \"{name}\"")).unwrap();
            }
            connection.execute("UPDATE _tables SET ttl_enabled = 0, ttl_attribute = NULL", []).unwrap();
            drop(connection);
            let kept = usize::from(with_items && step > 0);
            let why = format!("step {step}, items {kept}");
            assert_usable(&opened(folder.path(), &spec).unwrap(), kept, &why);
            let connection = Connection::open(folder.path().join(FILE)).unwrap();
            assert_eq!(objects(&connection).len(), 5, "{why}");
            if step == all.len() {
                break;
            }
        }
    }
}

#[test]
fn an_index_that_a_newer_version_adds_is_built_from_the_stored_items() {
    for older in [&[][..], &["due"], &["list"]] {
        let folder = tempfile::tempdir().unwrap();
        let database = opened(folder.path(), &table(older)).unwrap();
        (0..20).for_each(|number| put(&database, number));
        drop(database);
        assert_usable(&opened(folder.path(), &table(&["due", "list"])).unwrap(), 20, &format!("from {older:?}"));
    }
}

/// A copy of the files of a database that is in use, as a killed process leaves them.
fn killed(items: usize) -> tempfile::TempDir {
    let running = tempfile::tempdir().unwrap();
    let database = opened(running.path(), &table(&["due", "list"])).unwrap();
    (0..items).for_each(|number| put(&database, number));
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        fs::copy(running.path().join(&name), copy.path().join(&name)).unwrap();
    }
    copy
}

fn set_aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".damaged-")).collect()
}

#[test]
fn a_damaged_log_is_reported_and_set_aside_and_an_interrupted_one_is_not() {
    let folder = killed(30);
    let log = folder.path().join(format!("{FILE}-wal"));
    let whole = fs::read(&log).unwrap();
    let database = fs::read(folder.path().join(FILE)).unwrap();
    let start = |content: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), &database).unwrap();
        fs::write(folder.path().join(format!("{FILE}-wal")), content).unwrap();
        let opened = opened(folder.path(), &table(&["due", "list"])).unwrap();
        let kept = set_aside(folder.path());
        if let [name] = kept.as_slice() {
            assert_eq!(fs::read(folder.path().join(name)).unwrap(), content);
        }
        (kept.len(), count(&opened, "due", "d"))
    };
    assert_eq!(start(&whole), (0, 30));
    for cut in 1..20 {
        assert_eq!(start(&whole[..whole.len() * cut / 20]).0, 0, "cut at {cut} of 20 parts");
    }
    let mut lost = 0;
    for at in 1..20 {
        let mut damaged = whole.clone();
        damaged[whole.len() * at / 20] ^= 0x10;
        let (kept, found) = start(&damaged);
        assert_eq!(kept, 1, "a byte at {at} of 20 parts: {found} items");
        lost += 30 - found;
    }
    assert!(lost > 0, "SQLite left nothing out");
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    assert_eq!(start(&damaged).0, 1, "a byte of the header");
}

#[test]
fn a_damaged_database_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let spec = table(&["due", "list"]);
    let database = opened(folder.path(), &spec).unwrap();
    (0..200).for_each(|number| put(&database, number));
    drop(database);
    let path = folder.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    // The first page, and the head of one of the others.
    for at in [30, 4096 * 20] {
        let mut damaged = whole.clone();
        damaged[at..at + 8].copy_from_slice(&[0xff; 8]);
        fs::write(&path, &damaged).unwrap();
        let message = opened(folder.path(), &spec).map(drop).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{} is damaged (", path.display())), "{message}");
        assert!(message.contains("restore the data directory from a backup"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    fs::write(&path, &whole).unwrap();
    assert_usable(&opened(folder.path(), &spec).unwrap(), 200, "restored");
}
