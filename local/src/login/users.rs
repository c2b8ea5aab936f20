//! Who can sign in.

/// A user of the demo.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub id: &'static str,
    /// The groups in the user's tokens.
    pub groups: &'static [&'static str],
    /// What the user may do, in a sentence.
    pub(super) rights: &'static str,
}

/// The users of the demo.
pub static USERS: [User; 5] = [
    User { id: "demo-owner", groups: &[], rights: "Owner: everything, collaborators and ownership included" },
    User { id: "demo-operator", groups: &[], rights: "Operator: also webhooks, tokens, refunds and the audit log" },
    User { id: "demo-creator", groups: &[], rights: "Creator: links, campaigns, rules and reports" },
    User { id: "demo-admin", groups: &["platform-admin"], rights: "Platform administrator: plans of all accounts, and no handle" },
    User { id: "demo-guest", groups: &[], rights: "A new user, without a handle" },
];

/// The user with this id.
pub(super) fn find(id: &str) -> Option<&'static User> {
    USERS.iter().find(|user| user.id == id)
}
