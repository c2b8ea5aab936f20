//! The state of a function behind HTTP: what every function has, and what APIs need on top.

use std::ops::Deref;
use std::sync::Arc;

use runtime::App;

use crate::jwt::Verifier;
use crate::settings::ApiSettings;

/// The state of a function behind HTTP; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    app: App,
    http: Arc<HttpState>,
}

struct HttpState {
    settings: ApiSettings,
    verifier: Verifier,
}

impl ApiState {
    /// Adds what APIs need to a function's state; nothing is requested yet.
    pub fn new(app: App, settings: ApiSettings) -> Self {
        let verifier = Verifier::new(&settings.jwt);
        Self { app, http: Arc::new(HttpState { settings, verifier }) }
    }

    /// What the deployment sets for APIs; what it sets for every function is in [`App::settings`].
    pub fn settings(&self) -> &ApiSettings {
        &self.http.settings
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.http.verifier
    }
}

impl Deref for ApiState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
