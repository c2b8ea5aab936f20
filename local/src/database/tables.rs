//! The template's tables: creates them, and completes what an interrupted start or an older version has left.

use std::path::Path;

use dynoxide::{
    Database,
    actions::{create_table, update_table::UpdateTableRequest, update_time_to_live},
    errors::DynoxideError,
    storage::{Storage, TableMetadata},
};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::{Error, template::TableSpec};

/// An index that is to be built from the items of its table.
pub(super) struct MissingIndex<'a> {
    table: &'a TableSpec,
    definition: &'a Value,
}

/// Creates the tables of a database in memory.
pub(super) fn create_in_memory(database: &Database, tables: &[TableSpec]) -> Result<(), Error> {
    for table in tables {
        database.create_table(creation(table)?).map_err(Error::database)?;
        if let Some(attribute) = &table.ttl_attribute {
            database.update_time_to_live(time_to_live(table, attribute)?).map_err(Error::database)?;
        }
    }
    Ok(())
}

/// Creates what is missing in the database at `path`, and returns the indexes to build from the items that are stored.
///
/// The engine creates a table in several steps. Here all steps of all tables are one transaction, so a start that is killed leaves
/// all of them or none.
pub(super) fn complete<'a>(path: &Path, tables: &'a [TableSpec]) -> Result<Vec<MissingIndex<'a>>, Error> {
    let storage = Storage::new(&path.to_string_lossy()).map_err(Error::database)?;
    storage.begin_transaction().map_err(Error::database)?;
    let mut missing = Vec::new();
    for table in tables {
        missing.extend(complete_table(&storage, table)?);
    }
    storage.commit().map_err(Error::database)?;
    Ok(missing)
}

/// Builds an index from the items of its table.
pub(super) fn build(database: &Database, index: &MissingIndex<'_>) -> Result<(), Error> {
    let MissingIndex { table, definition } = index;
    let request = json!({
        "TableName": table.name,
        "AttributeDefinitions": table.creation.get("AttributeDefinitions"),
        "GlobalSecondaryIndexUpdates": [{"Create": definition}],
    });
    let request: UpdateTableRequest = serde_json::from_value(request).map_err(Error::database)?;
    database.update_table(request).map_err(Error::database)?;
    tracing::warn!(table = table.name, index = name_of(definition), "a missing index was built from the stored items");
    Ok(())
}

fn complete_table<'a>(storage: &Storage, table: &'a TableSpec) -> Result<Vec<MissingIndex<'a>>, Error> {
    let Some(known) = storage.get_table_metadata(&table.name).map_err(Error::database)? else {
        create(storage, table)?;
        return Ok(Vec::new());
    };
    let defined = defined_indexes(&known)?;
    let mut missing = Vec::new();
    for definition in table.indexes() {
        if !is_usable(storage, table, &defined, name_of(definition))? {
            missing.push(definition);
        }
    }
    let has_items = exists(storage, &table.name)? && storage.count_items(&table.name).map_err(Error::database)? > 0;
    if has_items && table.indexes().any(|definition| is_other(&defined, definition)) {
        return Err(Error::OtherVersion);
    }
    if !has_items && (!missing.is_empty() || !exists(storage, &table.name)?) {
        remove(storage, table)?;
        create(storage, table)?;
        tracing::warn!(table = table.name, "a table that an interrupted start had left incomplete was created again");
        return Ok(Vec::new());
    }
    if !missing.is_empty() {
        forget(storage, &known, defined, &missing)?;
    }
    if let Some(attribute) = table.ttl_attribute.as_ref().filter(|_| !known.ttl_enabled) {
        expire(storage, table, attribute)?;
    }
    Ok(missing.into_iter().map(|definition| MissingIndex { table, definition }).collect())
}

fn defined_indexes(known: &TableMetadata) -> Result<Vec<Value>, Error> {
    known.gsi_definitions.as_deref().map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(text).map_err(Error::database))
}

/// Whether an index is defined, and what it consists of is there.
fn is_usable(storage: &Storage, table: &TableSpec, defined: &[Value], index: &str) -> Result<bool, Error> {
    let entries = format!("{}::gsi::{index}", table.name);
    let is_defined = defined.iter().any(|definition| name_of(definition) == index);
    Ok(is_defined && exists(storage, &entries)? && exists(storage, &format!("{entries}::base_key"))?)
}

/// Whether the stored index of this name has other content: the layout of the items is that of another version.
fn is_other(defined: &[Value], definition: &Value) -> bool {
    let projection = |index: &Value| index.pointer("/Projection/ProjectionType").cloned();
    let stored = defined.iter().find(|stored| name_of(stored) == name_of(definition));
    stored.is_some_and(|stored| projection(stored) != projection(definition))
}

/// Whether SQLite has a table or an index of this name.
fn exists(storage: &Storage, name: &str) -> Result<bool, Error> {
    let found = storage.conn().query_row("SELECT count(*) FROM sqlite_master WHERE name = ?1", [name], |row| row.get::<_, i64>(0));
    Ok(found.map_err(Error::database)? > 0)
}

/// Removes what is left of some indexes, so that they can be built.
fn forget(storage: &Storage, known: &TableMetadata, mut defined: Vec<Value>, missing: &[&Value]) -> Result<(), Error> {
    for definition in missing {
        storage.drop_gsi_table(&known.table_name, name_of(definition)).map_err(Error::database)?;
    }
    defined.retain(|definition| !missing.iter().any(|gone| name_of(gone) == name_of(definition)));
    let rest = if defined.is_empty() { None } else { Some(serde_json::to_string(&defined).map_err(Error::database)?) };
    storage.update_table_metadata(&known.table_name, &known.attribute_definitions, rest.as_deref()).map_err(Error::database)
}

/// Removes a table without items.
fn remove(storage: &Storage, table: &TableSpec) -> Result<(), Error> {
    for definition in table.indexes() {
        storage.drop_gsi_table(&table.name, name_of(definition)).map_err(Error::database)?;
    }
    storage.drop_data_table(&table.name).map_err(Error::database)?;
    storage.delete_table_metadata(&table.name).map_err(Error::database)?;
    Ok(())
}

fn create(storage: &Storage, table: &TableSpec) -> Result<(), Error> {
    at_once(create_table::execute(storage, creation(table)?))?;
    table.ttl_attribute.as_ref().map_or(Ok(()), |attribute| expire(storage, table, attribute))
}

fn expire(storage: &Storage, table: &TableSpec, attribute: &str) -> Result<(), Error> {
    at_once(update_time_to_live::execute(storage, time_to_live(table, attribute)?))?;
    Ok(())
}

fn creation(table: &TableSpec) -> Result<create_table::CreateTableRequest, Error> {
    serde_json::from_value(table.creation.clone()).map_err(Error::database)
}

fn time_to_live(table: &TableSpec, attribute: &str) -> Result<update_time_to_live::UpdateTimeToLiveRequest, Error> {
    let specification = json!({"AttributeName": attribute, "Enabled": true});
    serde_json::from_value(json!({"TableName": table.name, "TimeToLiveSpecification": specification})).map_err(Error::database)
}

/// The result of an operation on SQLite, which never waits.
fn at_once<T>(operation: impl Future<Output = Result<T, DynoxideError>>) -> Result<T, Error> {
    let waited = || Error::Database("an operation did not end at once".to_owned());
    operation.now_or_never().ok_or_else(waited)?.map_err(Error::database)
}

fn name_of(index: &Value) -> &str {
    index.get("IndexName").and_then(Value::as_str).unwrap_or_default()
}
