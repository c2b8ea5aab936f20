//! Links and their versions, and the one read of a cold redirect.

mod list;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::links::Link;
use domain::routing::PersonalizationRules;
use domain::values::id::{EventId, LinkId};
use domain::values::name::{Handle, Slug};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::payload::{LinkPayload, Payload};

use crate::accounts::audit;
use crate::dynamo::{
    DamagedItem, Database, Found, Item, Page, Transacted, absent, decode_cursor, doc, found, integer, key, number, optional, page_of,
    table, text, with_doc,
};
use crate::error::Result;
use crate::outbox::Outbox;
use crate::rule_sets;
use crate::webhooks::events;

pub use list::LinkOrder;

/// The attribute of a link's version that says whether it had a password, which is not kept with it.
const HAD_PASSWORD: &str = "hadPassword";

/// The state a link write expects.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// No link under this slug.
    Absent,
    /// The link with this id at this version.
    Version(LinkId, u64),
    /// What cannot be decoded, as it was read.
    Damaged(DamagedItem),
}

impl Expect {
    /// The state as it was read.
    pub fn of(current: Option<&Link>) -> Self {
        current.map_or(Self::Absent, |link| Self::Version(link.id, link.version))
    }

    /// The state as it was read, damaged or not.
    pub fn of_found(current: Option<&Found<Link>>) -> Self {
        match current {
            Some(Found::Damaged(damaged)) => Self::Damaged(damaged.clone()),
            Some(Found::Intact(link)) => Self::of(Some(link)),
            None => Self::Absent,
        }
    }
}

/// The id and version of a link that cannot be decoded, as far as its item has them: a link that replaces it continues them.
pub fn damaged_link_version(damaged: &DamagedItem) -> Option<(LinkId, u64)> {
    Some((damaged.attribute("id")?.parse().ok()?, damaged.number("version")?))
}

/// Outcome of writing a link or a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// All of it is written.
    Written,
    /// The stored state is not the expected one; nothing was written.
    Changed,
}

impl From<Transacted> for WriteOutcome {
    fn from(transacted: Transacted) -> Self {
        if transacted.is_written() { Self::Written } else { Self::Changed }
    }
}

/// Handle of the links: `store.links()`.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    db: &'a Database,
    outbox: Outbox<'a>,
}

impl<'a> Links<'a> {
    pub(crate) fn new(db: &'a Database, outbox: Outbox<'a>) -> Self {
        Self { db, outbox }
    }

    /// A link.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, slug: &Slug) -> Result<Option<Link>> {
        self.db.get_doc(&table::link(handle, slug)).await
    }

    /// A link, damaged or not.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn find(self, handle: &Handle, slug: &Slug) -> Result<Option<Found<Link>>> {
        self.db.find_doc(&table::link(handle, slug)).await
    }

    /// A link and its handle's personalization rules: one `BatchGetItem`. Rules that cannot be decoded are left out, and so is the link of
    /// a deleted handle.
    ///
    /// # Errors
    /// When the table is unavailable or throttles the read.
    pub async fn get_with_rules(self, handle: &Handle, slug: &Slug) -> Result<(Option<Link>, PersonalizationRules)> {
        self.read_with_rules(handle, slug, doc).await
    }

    /// The same with the link damaged or not.
    ///
    /// # Errors
    /// When the table is unavailable or throttles the read.
    pub async fn find_with_rules(self, handle: &Handle, slug: &Slug) -> Result<(Option<Found<Link>>, PersonalizationRules)> {
        self.read_with_rules(handle, slug, |item| found(item, doc)).await
    }

    async fn read_with_rules<T>(
        self,
        handle: &Handle,
        slug: &Slug,
        read: impl Fn(&Item) -> Result<T>,
    ) -> Result<(Option<T>, PersonalizationRules)> {
        let (link_key, rules_key) = (table::link(handle, slug), table::rules(handle));
        let (mut link, mut rules, mut is_closed) = (None, PersonalizationRules::default(), false);
        for item in self.db.batch_get(vec![key(&link_key), key(&rules_key)]).await? {
            if optional(&item, "pk") == Some(rules_key.pk.as_str()) {
                is_closed = rule_sets::are_closed(&item);
                rules = rule_sets::of_item(&item);
            } else {
                link = Some(read(&item)?);
            }
        }
        Ok((link.filter(|_| !is_closed), rules))
    }

    /// Writes a link, its version, the webhook event and the audit event in one transaction, if the link is in the expected state.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn write(self, link: &Link, expect: Expect, event: &AuditEvent) -> Result<WriteOutcome> {
        let mut parts = parts(self.db, link, &expect)?;
        let envelope = write_envelope(&expect, link, event);
        parts.push(events::outbox_part(self.db, &envelope)?);
        parts.push(audit::part(self.db, &link.handle, event)?);
        self.transact(parts, &envelope).await
    }

    /// Deletes this version of a link, with the webhook event and the audit event; its clicks, conversions and versions stay.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn delete(self, link: &Link, event: &AuditEvent) -> Result<WriteOutcome> {
        let delete = self.db.delete_part(&table::link(&link.handle, &link.slug), |delete| {
            delete
                .condition_expression("version = :version AND id = :id")
                .expression_attribute_values(":version", number(link.version))
                .expression_attribute_values(":id", text(link.id.to_string()))
        })?;
        let envelope = envelope(link, event, &Payload::LinkDeleted(LinkPayload::of(link)));
        let remains = self.db.put_part(key(&table::remains_of_link(&link.handle, &link.slug, link.id)), |put| put)?;
        let parts = vec![delete, remains, events::outbox_part(self.db, &envelope)?, audit::part(self.db, &link.handle, event)?];
        self.transact(parts, &envelope).await
    }

    /// Deletes a link that cannot be decoded, with the audit event. There is no webhook event, since its payload is the link.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn delete_damaged(self, handle: &Handle, slug: &Slug, damaged: &DamagedItem, event: &AuditEvent) -> Result<WriteOutcome> {
        let delete = self.db.delete_part(&table::link(handle, slug), |delete| damaged.delete(delete))?;
        let mut parts = vec![delete, audit::part(self.db, handle, event)?];
        if let Some((id, _)) = damaged_link_version(damaged) {
            parts.push(self.db.put_part(key(&table::remains_of_link(handle, slug, id)), |put| put)?);
        }
        Ok(self.db.transact(parts).await?.into())
    }

    async fn transact(self, parts: Vec<TransactWriteItem>, envelope: &Envelope) -> Result<WriteOutcome> {
        let written = self.db.transact(parts).await?;
        if written.is_written() {
            self.outbox.announce_best_effort(&events::pointer(envelope)).await;
        }
        Ok(written.into())
    }

    /// The versions of a link, newest first and without passwords, and whether each had one: one `Query`.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn history(self, link: &Link, limit: usize, cursor: Option<&str>) -> Result<Page<(Link, bool)>> {
        let partition = table::history(&link.handle, link.id);
        let before = decode_cursor(&partition, cursor)?.unwrap_or_else(|| "~".to_owned());
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":before", text(before))
            .scan_index_forward(false)
            .consistent_read(true);
        page_of(query, &partition, limit, |item| Ok((doc(item)?, integer(item, HAD_PASSWORD) == Some(1)))).await
    }

    /// One version of a link, without its password.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn version(self, link: &Link, version: u64) -> Result<Option<Link>> {
        self.db.get_doc(&table::version(&link.handle, link.id, version)).await
    }
}

/// The parts of a transaction that write a link and its version; the first holds the condition.
pub(crate) fn parts(db: &Database, link: &Link, expect: &Expect) -> Result<Vec<TransactWriteItem>> {
    let mut current = with_doc(&table::link(&link.handle, &link.slug), link)?;
    current.insert("version".to_owned(), number(link.version));
    current.insert("id".to_owned(), text(link.id.to_string()));
    // A link's id begins with the time of its creation.
    current.insert("listPk".to_owned(), text(table::links_by_creation(&link.handle)));
    current.insert("listSk".to_owned(), text(link.id.to_string()));
    let put = db.put_part(current, |put| match expect {
        Expect::Absent => absent(put),
        Expect::Version(id, version) => put
            .condition_expression("version = :before AND id = :id")
            .expression_attribute_values(":before", number(version))
            .expression_attribute_values(":id", text(id.to_string())),
        Expect::Damaged(damaged) => damaged.replace(put),
    })?;
    let snapshot = Link { password: None, ..link.clone() };
    let mut version = with_doc(&table::version(&link.handle, link.id, link.version), &snapshot)?;
    version.insert(HAD_PASSWORD.to_owned(), number(u8::from(link.password.is_some())));
    let version = db.put_part(version, absent)?;
    Ok(vec![put, version])
}

/// The webhook event of a link write.
pub(crate) fn write_envelope(expect: &Expect, link: &Link, event: &AuditEvent) -> Envelope {
    let payload = LinkPayload::of(link);
    let payload = if *expect == Expect::Absent { Payload::LinkCreated(payload) } else { Payload::LinkUpdated(payload) };
    envelope(link, event, &payload)
}

/// The webhook event has the id of the audit event of the same write.
fn envelope(link: &Link, event: &AuditEvent, payload: &Payload) -> Envelope {
    Envelope::new(EventId::from_bytes(event.audit_id.to_bytes()), link.handle.clone(), event.at, payload)
}
