//! Webhook secrets: sealing, rotation with an overlap, and a change of the platform key.

use super::*;

const NOW: Moment = Moment::from_millis(1_772_366_400_000);

struct Fixture {
    handle: Handle,
    key: SealingKey,
}

impl Fixture {
    fn new() -> Self {
        Self { handle: "demo".parse().unwrap(), key: SealingKey::derive(&[9; 32]) }
    }

    fn owner(&self, number: u128) -> SecretOwner<'_> {
        SecretOwner { handle: &self.handle, subscription: SubscriptionId::new(NOW, number) }
    }

    fn first(&self) -> WebhookSecrets {
        WebhookSecrets::first(&WebhookSecret::of_bytes([1; 32]), self.owner(1), ("k1", &self.key), [3; NONCE], NOW)
    }

    fn rotated(&self, secrets: &WebhookSecrets, byte: u8, overlap: i64, at: Moment) -> Result<WebhookSecrets, TooManySecrets> {
        secrets.rotated(&WebhookSecret::of_bytes([byte; 32]), self.owner(1), ("k1", &self.key), [byte; NONCE], overlap, at)
    }

    fn live(&self, secrets: &WebhookSecrets, at: Moment) -> Vec<Vec<u8>> {
        let live = secrets.live(self.owner(1), |id| (id == "k1").then_some(&self.key), at).unwrap();
        live.iter().map(|secret| secret.bytes().first_chunk::<1>().unwrap().to_vec()).collect()
    }
}

#[test]
fn only_a_secret_as_it_is_returned_is_read() {
    let secret = WebhookSecret::of_bytes([7; 32]);
    assert_eq!(secret.expose().parse::<WebhookSecret>().unwrap().expose(), secret.expose());
    let bare = secret.expose().strip_prefix(PREFIX).unwrap();
    for wrong in ["", "xx", PREFIX, "whsec_xx", "whsec_AAAA", bare] {
        assert!(wrong.parse::<WebhookSecret>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_sealed_secret_opens_only_where_it_belongs() {
    let fixture = Fixture::new();
    let secrets = fixture.first();
    assert_eq!(fixture.live(&secrets, NOW), [[1]]);
    let key = |_: &str| Some(&fixture.key);
    assert_eq!(secrets.live(fixture.owner(2), key, NOW).err(), Some(CannotOpenSecret), "another subscription");
    let other = SealingKey::derive(&[8; 32]);
    assert_eq!(secrets.live(fixture.owner(1), |_| Some(&other), NOW).err(), Some(CannotOpenSecret), "another key");
    let stored = serde_json::to_string(&secrets).unwrap();
    assert!(!stored.contains("whsec_") && !stored.contains(&STANDARD.encode([1; 32])), "{stored}");
    for cut in ["", "AAAA"] {
        let damaged: WebhookSecrets = serde_json::from_str(&stored.replace(&secrets.0[0].sealed, cut)).unwrap();
        assert_eq!(damaged.live(fixture.owner(1), key, NOW).err(), Some(CannotOpenSecret), "cut to {cut:?}");
    }
}

#[test]
fn a_previous_secret_signs_until_its_overlap_ends_and_not_after() {
    let fixture = Fixture::new();
    let secrets = fixture.rotated(&fixture.first(), 2, 60, NOW).unwrap();
    assert_eq!(fixture.live(&secrets, NOW.plus_secs(60).plus_millis(-1)), [[2], [1]]);
    assert_eq!(fixture.live(&secrets, NOW.plus_secs(60)), [[2]]);
}

#[test]
fn after_a_leak_only_the_new_secret_signs_however_many_there_were() {
    let fixture = Fixture::new();
    let two = fixture.rotated(&fixture.first(), 2, 100, NOW).unwrap();
    let three = fixture.rotated(&two, 3, 200, NOW).unwrap();
    for secrets in [fixture.first(), two, three] {
        assert_eq!(fixture.live(&fixture.rotated(&secrets, 4, 0, NOW).unwrap(), NOW), [[4]]);
    }
}

#[test]
fn secrets_are_resealed_with_the_current_key_and_keep_their_ends() {
    let fixture = Fixture::new();
    let secrets = fixture.rotated(&fixture.first(), 2, 60, NOW).unwrap();
    let later = SealingKey::derive(&[10; 32]);
    let known = |id: &str| [("k1", &fixture.key), ("k2", &later)].into_iter().find(|(name, _)| *name == id).map(|(_, key)| key);
    let moved = secrets.resealed(fixture.owner(1), known, ("k2", &later), || [7; NONCE], NOW).unwrap().unwrap();
    assert_eq!(moved.resealed(fixture.owner(1), known, ("k2", &later), || [7; NONCE], NOW), Ok(None), "once is enough");
    let only_new = |id: &str| (id == "k2").then_some(&later);
    let texts = |secrets: Vec<WebhookSecret>| secrets.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
    for at in [NOW, NOW.plus_secs(60)] {
        let before = texts(secrets.live(fixture.owner(1), known, at).unwrap());
        assert_eq!(texts(moved.live(fixture.owner(1), only_new, at).unwrap()), before);
    }
    assert_eq!(secrets.resealed(fixture.owner(1), only_new, ("k2", &later), || [7; NONCE], NOW), Err(CannotOpenSecret));
}

#[test]
fn a_third_previous_secret_has_to_wait() {
    let fixture = Fixture::new();
    let two = fixture.rotated(&fixture.first(), 2, 100, NOW).unwrap();
    let three = fixture.rotated(&two, 3, 200, NOW).unwrap();
    assert_eq!(fixture.rotated(&three, 4, 1, NOW).err(), Some(TooManySecrets { until: NOW.plus_secs(100) }));
    let later = fixture.rotated(&three, 4, 1, NOW.plus_secs(100)).unwrap();
    assert_eq!(fixture.live(&later, NOW.plus_secs(100)), [[4], [3], [2]]);
}

#[test]
fn secrets_do_not_print() {
    assert!(!format!("{:?} {:?}", WebhookSecret::of_bytes([1; 32]), SealingKey::derive(&[1; 32])).contains("whsec_"));
}
