//! The signatures of a message: that of Standard Webhooks, and the product's own over the body alone (specification §10).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::WebhookSecret;
use crate::values::id::EventId;
use crate::values::moment::Moment;
use crate::values::secret::hex;

/// The header `webhook-signature`: one `v1,…` for each live secret, newest first, separated by single spaces (Standard Webhooks 1.0.0).
///
/// The signed text is `id.timestamp.body`, the key the bytes encoded in the secret.
pub fn standard(secrets: &[WebhookSecret], id: EventId, at: Moment, body: &[u8]) -> String {
    let signed = secrets.iter().map(|secret| {
        let tag = tag(&secret.bytes(), &[id.to_string().as_bytes(), b".", at.seconds().to_string().as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(tag))
    });
    signed.collect::<Vec<_>>().join(" ")
}

/// The header `x-10x-signature`: over the raw body alone; the key is the secret's text, `whsec_` included.
///
/// It does not cover a timestamp, so anyone who has seen a message can send it again: receivers should check `webhook-signature`.
pub fn of_body(secret: &WebhookSecret, body: &[u8]) -> String {
    format!("sha256={}", hex(&tag(secret.expose().as_bytes(), &[body])))
}

fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104): the error branch is never reached.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> WebhookSecret {
        WebhookSecret::of_bytes([byte; 32])
    }

    #[test]
    fn signatures_are_newest_first_with_single_spaces() {
        let (id, at) = (EventId::new(Moment::from_millis(1_772_366_400_000), 7), Moment::from_millis(1_772_366_400_999));
        let header = standard(&[secret(2), secret(1)], id, at, b"{}");
        let tokens: Vec<&str> = header.split(' ').collect();
        assert_eq!(tokens.len(), 2);
        assert!(tokens.iter().all(|token| token.starts_with("v1,") && token.len() == 47), "{header}");
        assert_eq!(tokens[0], standard(&[secret(2)], id, at, b"{}"));
        assert_ne!(tokens[0], standard(&[secret(2)], id, at.plus_millis(1), b"{}"), "the timestamp is signed");
    }

    #[test]
    fn both_signatures_match_vectors_of_another_implementation() {
        // Made with Python's hmac: the key is 32 bytes of 1, respectively the text of the secret.
        let id = EventId::new(Moment::from_millis(1_772_366_400_000), 7);
        let body = br#"{"id":"evt_1"}"#;
        assert_eq!(of_body(&secret(1), body), VECTOR_BODY);
        assert_eq!(standard(&[secret(1)], id, Moment::from_millis(1_772_366_400_000), body), VECTOR_STANDARD);
    }

    const VECTOR_BODY: &str = "sha256=10f8c3b6ca0772165219fa9cb61d1295b00cd2fec9a0aa59b1511b2f037b8008";
    const VECTOR_STANDARD: &str = "v1,kp/JyKtcrgFSLigrA+gf1m2VYliFLipTzWOe6mf8RJY=";
}
