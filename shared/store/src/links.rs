//! Links and their versions, and the one read a cold redirect makes.

use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};

use domain::accounts::audit::Event;
use domain::links::Link;
use domain::routing::PersonalizationRules;
use domain::values::id::{EventId, LinkId};
use domain::values::name::{Handle, Slug};
use domain::webhooks::event::Envelope;
use domain::webhooks::payload::{LinkPayload, Payload};

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{Page, doc, key, number, optional, page_of, place_in, text, with_doc};
use crate::table;
use crate::transaction::{Transacted, absent};

/// What a link write expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No link under this slug.
    Absent,
    /// This version of this life of the link.
    Version(LinkId, u64),
}

impl Expect {
    /// That the link is still as it was read.
    pub fn of(current: Option<&Link>) -> Self {
        current.map_or(Self::Absent, |link| Self::Version(link.id, link.version))
    }
}

/// How a link write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteLink {
    /// It is written, together with its history entry.
    Written,
    /// The link is not what was expected; nothing was written.
    Changed,
}

impl WriteLink {
    fn of(transacted: Transacted) -> Self {
        if transacted.is_written() { Self::Written } else { Self::Changed }
    }
}

impl Store {
    /// A link, consistently.
    pub async fn link(&self, handle: &Handle, slug: &Slug) -> Result<Option<Link>> {
        self.get(&table::link(handle, slug)).await?.map(|item| doc(&item)).transpose()
    }

    /// A link with its handle's personalization rules, in one call.
    pub async fn link_with_rules(&self, handle: &Handle, slug: &Slug) -> Result<(Option<Link>, PersonalizationRules)> {
        let (link_key, rules_key) = (table::link(handle, slug), table::rules(handle));
        let keys = KeysAndAttributes::builder().keys(key(&link_key)).keys(key(&rules_key)).consistent_read(true);
        let keys = keys.build().map_err(|error| Error::Unavailable { operation: "BatchGetItem", source: Box::new(error) })?;
        let found = self.db.batch_get_item().request_items(&self.table, keys).send().await.map_err(Error::call("BatchGetItem"))?;
        if found.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
            return Err(Error::Contended("BatchGetItem"));
        }
        let (mut link, mut book) = (None, PersonalizationRules::default());
        for item in found.responses().and_then(|tables| tables.get(&self.table)).into_iter().flatten() {
            if optional(item, "pk") == Some(rules_key.pk.as_str()) {
                book = doc(item)?;
            } else {
                link = Some(doc(item)?);
            }
        }
        Ok((link, book))
    }

    /// Writes a link, its history entry, the event for subscriptions and the audit event in one transaction, if the link is what was expected.
    pub async fn write_link(&self, link: &Link, expect: Expect, event: &Event) -> Result<WriteLink> {
        let mut parts = self.link_parts(link, expect)?;
        let told = told(expect, link, event);
        parts.push(self.event_part(&told)?);
        parts.push(self.audit_part(&link.handle, event)?);
        self.written_and_told(parts, &told).await
    }

    async fn written_and_told(&self, parts: Vec<TransactWriteItem>, told: &Envelope) -> Result<WriteLink> {
        let written = self.transact(parts).await?;
        if written.is_written() {
            self.announce_softly(&self.event_pointer(told)).await;
        }
        Ok(WriteLink::of(written))
    }

    /// The parts of a transaction that write a link and its history entry; the first holds the condition.
    pub(crate) fn link_parts(&self, link: &Link, expect: Expect) -> Result<Vec<TransactWriteItem>> {
        let mut current = with_doc(&table::link(&link.handle, &link.slug), link)?;
        current.insert("version".to_owned(), number(link.version));
        current.insert("id".to_owned(), text(link.id.to_string()));
        let put = self.put_part(current, |put| match expect {
            Expect::Absent => absent(put),
            Expect::Version(id, version) => put
                .condition_expression("version = :before AND id = :id")
                .expression_attribute_values(":before", number(version))
                .expression_attribute_values(":id", text(id.to_string())),
        })?;
        let snapshot = Link { password: None, ..link.clone() };
        let entry = self.put_part(with_doc(&table::version(&link.handle, link.id, link.version), &snapshot)?, absent)?;
        Ok(vec![put, entry])
    }

    /// Deletes this version of a link, with the audit event; its clicks, conversions and history stay.
    pub async fn delete_link(&self, link: &Link, event: &Event) -> Result<WriteLink> {
        let delete = self.delete_part(&table::link(&link.handle, &link.slug), |delete| {
            delete
                .condition_expression("version = :version AND id = :id")
                .expression_attribute_values(":version", number(link.version))
                .expression_attribute_values(":id", text(link.id.to_string()))
        })?;
        let told = envelope(link, event, &Payload::LinkDeleted(LinkPayload::of(link)));
        self.written_and_told(vec![delete, self.event_part(&told)?, self.audit_part(&link.handle, event)?], &told).await
    }

    /// A handle's links by slug.
    pub async fn links(&self, handle: &Handle, limit: usize, from: Option<&str>) -> Result<Page<Link>> {
        let partition = table::links(handle);
        let after = place_in(&partition, from)?.unwrap_or_else(|| " ".to_owned());
        let query = self.db.query().table_name(&self.table).key_condition_expression("pk = :pk AND sk > :after").consistent_read(true);
        page_of(query.expression_attribute_values(":after", text(after)), &partition, limit, doc).await
    }

    /// The versions of a link, newest first.
    pub async fn link_history(&self, link: &Link, limit: usize, from: Option<&str>) -> Result<Page<Link>> {
        let partition = table::history(&link.handle, link.id);
        let before = place_in(&partition, from)?.unwrap_or_else(|| "~".to_owned());
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":before", text(before))
            .scan_index_forward(false)
            .consistent_read(true);
        page_of(query, &partition, limit, doc).await
    }

    /// One version of a link, without its password.
    pub async fn link_version(&self, link: &Link, version: u64) -> Result<Option<Link>> {
        self.get(&table::version(&link.handle, link.id, version)).await?.map(|item| doc(&item)).transpose()
    }
}

/// What subscriptions are told of a link write.
pub(crate) fn told(expect: Expect, link: &Link, event: &Event) -> Envelope {
    let payload = LinkPayload::of(link);
    let payload = if expect == Expect::Absent { Payload::LinkCreated(payload) } else { Payload::LinkUpdated(payload) };
    envelope(link, event, &payload)
}

/// The write that an audit event tells of is told to subscriptions under the same id.
fn envelope(link: &Link, event: &Event, payload: &Payload) -> Envelope {
    Envelope::new(EventId::from_bytes(event.audit_id.to_bytes()), link.handle.clone(), event.at, payload)
}
