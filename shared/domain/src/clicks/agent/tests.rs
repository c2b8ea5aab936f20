//! Judges agents whose nature is known, and each sign alone.

use super::*;

const PERSON: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/126.0.0.0 Safari/537.36";

fn person() -> Signs<'static> {
    Signs { user_agent: Some(PERSON), ..Signs::default() }
}

fn sent_by(user_agent: &str) -> Judgement {
    judge(&Signs { user_agent: Some(user_agent), ..Signs::default() })
}

/// The lines of a data file: an expectation, then a user agent.
fn expectations(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').expect("an expectation, a space and an agent"))
}

fn assert_only(signs: &Signs, reason: Reason) {
    let judgement = judge(signs);
    assert_eq!(Vec::from(judgement.reasons), [reason], "{signs:?}");
    assert_eq!(judgement.verdict(), Verdict::Bot, "{signs:?}");
    assert_eq!(judgement.device, Device::Bot, "{signs:?}");
}

#[test]
fn the_list_can_be_read() {
    assert!(phrases::load());
}

#[test]
fn a_person_is_human() {
    let judgement = judge(&person());
    assert!(judgement.reasons.is_empty());
    assert_eq!(judgement.verdict(), Verdict::Human);
    assert_eq!(judgement.device, Device::Desktop);
}

#[test]
fn a_missing_or_blank_user_agent_suffices() {
    for user_agent in [None, Some(""), Some("  ")] {
        assert_only(&Signs { user_agent, ..person() }, Reason::EmptyUserAgent);
    }
}

#[test]
fn asking_for_headers_only_suffices() {
    assert_only(&Signs { asks: Asks::HeadersOnly, ..person() }, Reason::HeadRequest);
}

#[test]
fn a_purpose_ahead_of_the_click_suffices_in_any_header() {
    let ahead = ["prefetch", "prefetch;prerender", "Prefetch;anonymous-client-ip", "prerender", "preview"];
    for purpose in ahead {
        for header in 0..PURPOSE_HEADERS.len() {
            let mut purposes = [Some("navigation"); PURPOSE_HEADERS.len()];
            purposes[header] = Some(purpose);
            assert_only(&Signs { purpose: telling_purpose(purposes), ..person() }, Reason::Prefetch);
        }
    }
}

#[test]
fn any_other_purpose_is_human() {
    let purpose = telling_purpose([None, Some(""), Some("navigation"), None]);
    assert_eq!(purpose, Some(""));
    assert_eq!(judge(&Signs { purpose, ..person() }).verdict(), Verdict::Human);
}

#[test]
fn a_declared_bot_in_a_browsers_agent_suffices() {
    let user_agent = format!("{PERSON} SomebodysBot/1.0");
    assert_only(&Signs { user_agent: Some(&user_agent), ..person() }, Reason::DeclaredBot);
}

#[test]
fn an_automation_tool_in_a_browsers_agent_suffices() {
    let user_agent = PERSON.replace("Chrome", "HeadlessChrome");
    assert_only(&Signs { user_agent: Some(&user_agent), ..person() }, Reason::AutomationTool);
}

#[test]
fn half_a_browsers_agent_suffices() {
    let without_opening = PERSON.replace("Mozilla/5.0 ", "");
    let without_system = PERSON.replace("(Windows NT 10.0; Win64; x64) ", "");
    for user_agent in [without_opening, without_system] {
        assert_only(&Signs { user_agent: Some(&user_agent), ..person() }, Reason::NotABrowser);
    }
}

#[test]
fn a_missing_accept_language_suffices() {
    assert_only(&Signs { no_accept_language: true, ..person() }, Reason::NoAcceptLanguage);
}

#[test]
fn what_happens_around_a_click_suffices_and_says_nothing_of_its_device() {
    let around = [
        (Signs { burst: Burst { hits: true, links: false }, ..person() }, Reason::BurstHits),
        (Signs { burst: Burst { hits: false, links: true }, ..person() }, Reason::BurstLinks),
        (Signs { instant_conversion: true, ..person() }, Reason::InstantConversion),
    ];
    for (signs, reason) in around {
        let judgement = judge(&signs);
        assert_eq!(Vec::from(judgement.reasons), [reason]);
        assert_eq!((judgement.verdict(), judgement.device), (Verdict::Bot, Device::Desktop));
    }
}

#[test]
fn reasons_add_up() {
    let signs = Signs { user_agent: None, asks: Asks::HeadersOnly, ..person() };
    let both = [Reason::EmptyUserAgent, Reason::HeadRequest];
    assert_eq!(Vec::from(judge(&signs).reasons), both);
}

#[test]
fn in_app_and_odd_browsers_are_human_on_their_device() {
    for (device, user_agent) in expectations(include_str!("../../../data/in-app-browsers.txt")) {
        let judgement = sent_by(user_agent);
        let reasons = Vec::from(judgement.reasons);
        assert_eq!(judgement.verdict(), Verdict::Human, "{reasons:?}: {user_agent}");
        assert_eq!(judgement.device.as_str(), device, "{user_agent}");
    }
}

#[test]
fn no_app_that_people_come_from_is_missing() {
    let apps = [
        "Instagram",
        "FBAN/FBIOS",
        "FB_IAB",
        "musical_ly",
        "Snapchat",
        "LinkedInApp",
        "Pinterest/",
        "WhatsApp/",
        "Telegram-",
        "Line/",
        "MicroMessenger",
        "KAKAOTALK",
        "Gmail/",
        "GSA/",
    ];
    let list = include_str!("../../../data/in-app-browsers.txt");
    for app in apps {
        assert!(expectations(list).any(|(_, agent)| agent.contains(app)), "{app}");
    }
}

#[test]
fn known_bots_are_bots_for_their_reason() {
    for (reason, user_agent) in expectations(include_str!("../../../data/known-bots.txt")) {
        let judgement = sent_by(user_agent);
        let reasons: Vec<&str> = judgement.reasons.iter().map(Reason::as_str).collect();
        assert!(reasons.contains(&reason), "{reasons:?}, not {reason}: {user_agent}");
        assert_eq!(judgement.verdict(), Verdict::Bot, "{user_agent}");
    }
}

#[test]
fn letter_case_does_not_matter() {
    for (_, user_agent) in expectations(include_str!("../../../data/known-bots.txt")) {
        assert_eq!(sent_by(user_agent), sent_by(&user_agent.to_uppercase()), "{user_agent}");
    }
}

#[test]
fn devices_are_told_by_the_most_telling_mark() {
    let devices = [
        ("(iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148", Device::Mobile),
        ("(Linux; Android 14; Pixel 8) Chrome/126.0.0.0 Mobile Safari/537.36", Device::Mobile),
        ("(Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950)", Device::Mobile),
        ("(BB10; Touch) AppleWebKit/537.10+", Device::Mobile),
        ("(iPad; CPU OS 17_5 like Mac OS X) Mobile/15E148", Device::Tablet),
        ("(Linux; Android 13; SM-X710) Chrome/126.0.0.0 Safari/537.36", Device::Tablet),
        ("(Linux; Android 13; SM-T225) Chrome/126.0.0.0 Mobile Safari/537.36", Device::Tablet),
        ("(Android 13; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0", Device::Tablet),
        ("(Windows NT 10.0; Win64; x64)", Device::Desktop),
        ("(Windows NT 10.0; Trident/7.0; Tablet PC 2.0; rv:11.0)", Device::Desktop),
        ("(Macintosh; Intel Mac OS X 10_15_7)", Device::Desktop),
        ("(X11; Ubuntu; Linux x86_64; rv:127.0)", Device::Desktop),
        ("(X11; Linux x86_64) SamsungBrowser/25.0", Device::Desktop),
        ("(X11; CrOS x86_64 14541.0.0)", Device::Desktop),
        ("(Linux; Android 9; AFTMM) Silk/126.2.8 Mobile Safari/537.36", Device::Unknown),
        ("(PlayStation 4 11.50)", Device::Unknown),
    ];
    for (system, device) in devices {
        assert_eq!(sent_by(&format!("Mozilla/5.0 {system}")).device, device, "{system}");
    }
}

#[test]
fn what_is_kept_is_what_is_read() {
    let padding = "x".repeat(MAX_KEPT);
    let long = format!("{PERSON} {padding} Googlebot");
    assert!(sent_by(&long).reasons.is_empty());
    assert_eq!(kept(&long).len(), MAX_KEPT);
    assert_eq!(sent_by(&long), sent_by(kept(&long)));
    assert_eq!(kept("é".repeat(MAX_KEPT).as_str()).len(), MAX_KEPT);
    assert_eq!(kept(&format!("a{}", "é".repeat(MAX_KEPT))).len(), MAX_KEPT - 1);
}

#[test]
fn any_text_can_be_judged() {
    for user_agent in ["^", "$", "\u{0}", "🦀 Mozilla", "Mozilla/5.0 (é; Línux) 🦀", &"é".repeat(600)] {
        sent_by(user_agent);
    }
}

#[test]
fn codes_are_the_same_in_storage_and_in_speech() {
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
    for device in Device::ALL {
        assert_eq!(serde_json::to_value(device).unwrap(), device.as_str());
        assert_eq!(device.as_str().to_lowercase().parse(), Ok(device));
    }
    assert!("PHONE".parse::<Device>().is_err());
    for verdict in [Verdict::Human, Verdict::Bot] {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
    }
    let reasons = judge(&Signs { user_agent: None, ..person() }).reasons;
    assert_eq!(serde_json::to_string(&reasons).unwrap(), r#"["empty_user_agent"]"#);
}
