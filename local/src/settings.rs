//! The variables that override the template's on this machine.

use std::collections::BTreeMap;

use crate::{keys::Keys, token};

/// What can be chosen for a server on this machine.
pub struct LocalSettings<'a> {
    /// The gateway's port.
    pub port: u16,
    /// The plan of a new account.
    pub plan: &'a str,
    /// Public requests per minute and source address; the template's limit when absent.
    pub public_rpm: Option<u32>,
    /// The secrets.
    pub keys: &'a Keys,
}

impl LocalSettings<'_> {
    /// The domain of short links: `<handle>.<domain>`.
    #[must_use]
    pub fn public_domain(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The API's origin.
    #[must_use]
    pub fn api_origin(&self) -> String {
        format!("http://{}", self.public_domain())
    }

    /// The variables of every function.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        let domain = self.public_domain();
        let mut variables = BTreeMap::from([
            ("STAGE", "local".to_owned()),
            ("PUBLIC_ORIGIN", format!("http://{{handle}}.{domain}")),
            ("PUBLIC_DOMAIN", domain),
            ("API_ORIGIN", self.api_origin()),
            ("DEFAULT_PLAN", self.plan.to_owned()),
            ("TRUST_VIEWER_HEADERS", "true".to_owned()),
            ("WEBHOOK_EGRESS", "local".to_owned()),
            ("JWT_ISSUER", token::ISSUER.to_owned()),
            ("JWT_CLIENT_ID", token::CLIENT_ID.to_owned()),
            ("LOGIN_AUTHORIZATION_ENDPOINT", format!("{}/_dev/login/authorize", self.api_origin())),
            ("LOGIN_TOKEN_ENDPOINT", format!("{}/_dev/login/token", self.api_origin())),
            ("LOGIN_LOGOUT_URL", format!("{}/_dev/login/logout", self.api_origin())),
            ("LOGIN_CLIENT_ID", token::CLIENT_ID.to_owned()),
            ("JWT_HS256_SECRET", self.keys.token.clone()),
            ("PLATFORM_SECRET", self.keys.platform.clone()),
        ]);
        if let Some(limit) = self.public_rpm {
            variables.insert("PUBLIC_RPM", limit.to_string());
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
