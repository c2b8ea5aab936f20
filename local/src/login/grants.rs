//! Codes and refresh tokens: what is granted, to whom, until when. Pure: time and fresh secrets are arguments.

use std::collections::VecDeque;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::User;

/// Milliseconds for which a code is valid.
const CODE_LIFE_MS: i64 = 60_000;
/// Milliseconds for which a session can be renewed.
const SESSION_LIFE_MS: i64 = 12 * 3_600_000;
/// Milliseconds for which a refresh token can be used again after its use: a duplicated tab has the same one.
const GRACE_MS: i64 = 60_000;
/// The newest of each are kept, so that memory has a bound.
const MAX_CODES: usize = 64;
const MAX_SESSIONS: usize = 256;
const MAX_TOKENS: usize = 32;

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) why: &'static str,
}

impl Refusal {
    pub(super) const UNSUPPORTED_GRANT: Self =
        Self { status: 400, error: "unsupported_grant_type", why: "use authorization_code or refresh_token" };
    pub(super) const UNKNOWN_CLIENT: Self = Self { status: 401, error: "invalid_client", why: "this client is not known" };
    pub(super) const NO_FORM: Self =
        Self { status: 400, error: "invalid_request", why: "send a form, application/x-www-form-urlencoded, with each parameter once" };
    pub(super) const SERVER: Self = Self { status: 500, error: "server_error", why: "the token could not be signed" };
    const NO_CODE: Self = Self { status: 400, error: "invalid_grant", why: "the code is unknown, used, or older than a minute" };
    const OTHER_REDIRECT: Self = Self { status: 400, error: "invalid_grant", why: "the code was sent to another redirect_uri" };
    const WRONG_VERIFIER: Self = Self { status: 400, error: "invalid_grant", why: "code_verifier does not fit the code_challenge" };
    const NO_TOKEN: Self = Self { status: 400, error: "invalid_grant", why: "the refresh token is unknown, used, or has expired" };

    /// A parameter is not there.
    pub(super) fn missing(name: &'static str) -> Self {
        let why = match name {
            "grant_type" => "grant_type is missing",
            "client_id" => "client_id is missing",
            "code" => "code is missing",
            "redirect_uri" => "redirect_uri is missing",
            "code_verifier" => "code_verifier is missing",
            _ => "refresh_token is missing",
        };
        Self { status: 400, error: "invalid_request", why }
    }
}

/// A code and what proves that it came to the one who asked for it.
pub(super) struct CodeRequest<'a> {
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a str,
}

struct Code {
    text: String,
    user: &'static User,
    redirect_uri: String,
    challenge: String,
    issued_at: i64,
}

/// A sign-in that can be renewed.
struct Session {
    user: &'static User,
    began_at: i64,
    /// The code that began it.
    code: String,
    tokens: VecDeque<RefreshToken>,
}

struct RefreshToken {
    text: String,
    used_at: Option<i64>,
}

/// Everything that is granted.
#[derive(Default)]
pub(super) struct Grants {
    codes: VecDeque<Code>,
    sessions: VecDeque<Session>,
}

impl Grants {
    /// Grants a code to a user who has pressed the button.
    pub(super) fn issue(&mut self, code: &str, user: &'static User, redirect_uri: &str, challenge: &str, now: i64) {
        let (redirect_uri, challenge) = (redirect_uri.to_owned(), challenge.to_owned());
        push(&mut self.codes, MAX_CODES, Code { text: code.to_owned(), user, redirect_uri, challenge, issued_at: now });
    }

    /// The user of a code, which is used up by this, whatever comes of it. A code that is used again ends the session it began: one
    /// of the two was not its owner (RFC 6749 §10.5).
    pub(super) fn redeem(&mut self, request: &CodeRequest<'_>, refresh_token: &str, now: i64) -> Result<&'static User, Refusal> {
        let Some(code) = take(&mut self.codes, |code| code.text == request.code) else {
            self.sessions.retain(|session| session.code != request.code);
            return Err(Refusal::NO_CODE);
        };
        if now.saturating_sub(code.issued_at) >= CODE_LIFE_MS {
            return Err(Refusal::NO_CODE);
        }
        if code.redirect_uri != request.redirect_uri {
            return Err(Refusal::OTHER_REDIRECT);
        }
        if challenge_of(request.verifier).as_deref() != Some(code.challenge.as_str()) {
            return Err(Refusal::WRONG_VERIFIER);
        }
        let tokens = VecDeque::from([RefreshToken { text: refresh_token.to_owned(), used_at: None }]);
        push(&mut self.sessions, MAX_SESSIONS, Session { user: code.user, began_at: now, code: code.text, tokens });
        Ok(code.user)
    }

    /// The user of a refresh token, which `fresh` replaces. One that was replaced more than a minute ago ends its session: it was stolen,
    /// by the one who uses it now or by the one who used it then (RFC 9700 §4.14).
    pub(super) fn refresh(&mut self, token: &str, fresh: &str, now: i64) -> Result<&'static User, Refusal> {
        self.sessions.retain(|session| now.saturating_sub(session.began_at) < SESSION_LIFE_MS);
        let place = self.sessions.iter().position(|session| session.tokens.iter().any(|known| known.text == token));
        let session = place.and_then(|place| self.sessions.get_mut(place)).ok_or(Refusal::NO_TOKEN)?;
        let used = session.tokens.iter_mut().find(|known| known.text == token).ok_or(Refusal::NO_TOKEN)?;
        let used_at = *used.used_at.get_or_insert(now);
        if now.saturating_sub(used_at) >= GRACE_MS {
            self.sessions.retain(|session| session.tokens.iter().all(|known| known.text != token));
            return Err(Refusal::NO_TOKEN);
        }
        let user = session.user;
        push(&mut session.tokens, MAX_TOKENS, RefreshToken { text: fresh.to_owned(), used_at: None });
        Ok(user)
    }
}

/// Adds the newest and drops the oldest beyond `most`.
fn push<T>(items: &mut VecDeque<T>, most: usize, item: T) {
    items.push_back(item);
    while items.len() > most {
        items.pop_front();
    }
}

fn take<T>(items: &mut VecDeque<T>, wanted: impl Fn(&T) -> bool) -> Option<T> {
    let place = items.iter().position(wanted)?;
    items.remove(place)
}

/// The S256 challenge of a verifier; none if it is not one (RFC 7636 §4.1).
fn challenge_of(verifier: &str) -> Option<String> {
    let is_verifier =
        (43..=128).contains(&verifier.len()) && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    is_verifier.then(|| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::super::users;
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const BACK: &str = "http://localhost:9000/console/callback";

    fn request(code: &str) -> CodeRequest<'_> {
        CodeRequest { code, redirect_uri: BACK, verifier: VERIFIER }
    }

    fn signed_in(now: i64) -> Grants {
        let mut grants = Grants::default();
        grants.issue("code", users::find("demo-owner").unwrap(), BACK, CHALLENGE, now);
        assert_eq!(grants.redeem(&request("code"), "r0", now).unwrap().id, "demo-owner");
        grants
    }

    #[test]
    fn a_code_is_good_for_a_minute_and_for_one_use() {
        let owner = users::find("demo-owner").unwrap();
        for (after, good) in [(0, true), (59_999, true), (60_000, false), (i64::MAX, false)] {
            let mut grants = Grants::default();
            grants.issue("code", owner, BACK, CHALLENGE, 0);
            assert_eq!(grants.redeem(&request("code"), "r0", after).is_ok(), good, "{after}");
            assert_eq!(grants.redeem(&request("code"), "r1", after), Err(Refusal::NO_CODE));
        }
        assert_eq!(Grants::default().redeem(&request("code"), "r0", 0), Err(Refusal::NO_CODE));
    }

    #[test]
    fn a_code_that_is_used_twice_ends_its_session() {
        let mut grants = signed_in(0);
        assert!(grants.redeem(&request("code"), "r1", 1).is_err());
        assert_eq!(grants.refresh("r0", "r2", 2), Err(Refusal::NO_TOKEN));
    }

    #[test]
    fn a_code_is_for_the_one_who_knows_the_verifier() {
        let other = VERIFIER.replace('d', "e");
        let long = "a".repeat(129);
        for verifier in [other.as_str(), "", CHALLENGE, "short", &long, &VERIFIER[1..], &format!("{VERIFIER} ")] {
            let mut grants = Grants::default();
            grants.issue("code", users::find("demo-owner").unwrap(), BACK, CHALLENGE, 0);
            assert_eq!(grants.redeem(&CodeRequest { verifier, ..request("code") }, "r0", 1), Err(Refusal::WRONG_VERIFIER), "{verifier}");
            assert_eq!(grants.redeem(&request("code"), "r0", 1), Err(Refusal::NO_CODE), "there is one try");
        }
        let mut grants = Grants::default();
        grants.issue("code", users::find("demo-owner").unwrap(), BACK, CHALLENGE, 0);
        assert_eq!(
            grants.redeem(&CodeRequest { redirect_uri: "http://localhost:9000/", ..request("code") }, "r0", 1),
            Err(Refusal::OTHER_REDIRECT)
        );
    }

    #[test]
    fn a_refresh_token_is_replaced_and_twice_used_ends_the_session_after_a_minute() {
        let mut grants = signed_in(0);
        assert_eq!(grants.refresh("r0", "r1", 1_000).unwrap().id, "demo-owner");
        // The tab was duplicated.
        assert!(grants.refresh("r0", "r2", 60_999).is_ok());
        assert!(grants.refresh("r1", "r3", 900_000).is_ok() && grants.refresh("r2", "r4", 905_000).is_ok());
        assert_eq!(grants.refresh("r0", "r5", 906_000), Err(Refusal::NO_TOKEN));
        for token in ["r3", "r4", "r5"] {
            assert_eq!(grants.refresh(token, "r6", 907_000), Err(Refusal::NO_TOKEN), "the session has ended");
        }
    }

    #[test]
    fn a_session_ends_after_twelve_hours_however_often_it_is_renewed() {
        let mut grants = signed_in(0);
        for quarter in 1..48 {
            assert!(grants.refresh(&format!("r{}", quarter - 1), &format!("r{quarter}"), quarter * 900_000).is_ok(), "{quarter}");
        }
        assert_eq!(grants.refresh("r47", "r48", SESSION_LIFE_MS), Err(Refusal::NO_TOKEN));
    }

    #[test]
    fn what_is_kept_has_a_bound_and_the_newest_stays() {
        let mut grants = Grants::default();
        let owner = users::find("demo-owner").unwrap();
        for number in 0..10_000 {
            grants.issue(&format!("c{number}"), owner, BACK, CHALLENGE, 0);
        }
        assert_eq!(grants.codes.len(), MAX_CODES);
        for number in 0..10_000 {
            grants.issue("code", owner, BACK, CHALLENGE, 0);
            assert!(grants.redeem(&request("code"), &format!("s{number}"), 0).is_ok());
        }
        assert_eq!(grants.sessions.len(), MAX_SESSIONS);
        for number in 0..10_000 {
            assert!(grants.refresh("s9999", &format!("t{number}"), 0).is_ok() || number >= MAX_TOKENS);
        }
        assert!(grants.sessions.iter().all(|session| session.tokens.len() <= MAX_TOKENS));
    }
}
