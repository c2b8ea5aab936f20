//! Classifies known user agents, and each piece of evidence alone.

use proptest::prelude::*;

use super::*;

const PERSON: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/126.0.0.0 Safari/537.36";

fn person() -> Evidence<'static> {
    Evidence { user_agent: Some(PERSON), ..Evidence::default() }
}

fn sent_by(user_agent: &str) -> Classification {
    classify(&Evidence { user_agent: Some(user_agent), ..Evidence::default() })
}

/// The lines of a data file: an expectation, then a user agent.
fn expectations(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').expect("an expectation, a space and an agent"))
}

fn assert_only(evidence: &Evidence, reason: Reason) {
    let classification = classify(evidence);
    assert_eq!(Vec::from(classification.reasons), [reason], "{evidence:?}");
    assert_eq!(classification.verdict(), ClickVerdict::Bot, "{evidence:?}");
    let device = if reason.is_of_user_agent() { Device::Bot } else { Device::Desktop };
    assert_eq!(classification.device, device, "{evidence:?}");
}

/// The phrases of the list, without its headings.
fn listed() -> Vec<&'static str> {
    let list = include_str!("../../../data/user-agent-phrases.txt").lines();
    list.filter(|line| !line.is_empty() && !line.starts_with(['#', '['])).collect()
}

#[test]
fn every_phrase_of_the_list_is_found_whole() {
    let phrases = listed();
    assert!(phrases.len() > 500, "{}", phrases.len());
    for phrase in phrases {
        assert_eq!(phrases::longest(phrase.as_bytes()).map(|(_, bytes)| bytes), Some(phrase.len()), "{phrase:?}");
    }
}

proptest! {
    #[test]
    fn what_is_found_at_a_place_is_the_longest_phrase_that_begins_there(
        parts in prop::collection::vec(prop_oneof![prop::sample::select(listed()).prop_map(str::to_owned), "[a-z0-9 ./$]{0,4}"], 0..6),
        cut in 0_usize..8,
    ) {
        let mut text = parts.concat().into_bytes();
        text.truncate(text.len().saturating_sub(cut));
        let phrases = listed();
        for start in 0..text.len() {
            let rest = &text[start..];
            let expected = phrases.iter().filter(|phrase| rest.starts_with(phrase.as_bytes())).map(|phrase| phrase.len()).max();
            prop_assert_eq!(phrases::longest(rest).map(|(_, bytes)| bytes), expected);
        }
    }
}

#[test]
fn a_person_is_human() {
    let classification = classify(&person());
    assert!(classification.reasons.is_empty());
    assert_eq!(classification.verdict(), ClickVerdict::Human);
    assert_eq!(classification.device, Device::Desktop);
}

#[test]
fn a_missing_or_blank_user_agent_suffices() {
    for user_agent in [None, Some(""), Some("  ")] {
        assert_only(&Evidence { user_agent, ..person() }, Reason::EmptyUserAgent);
    }
}

#[test]
fn asking_for_headers_only_suffices() {
    assert_only(&Evidence { request_kind: RequestKind::HeadersOnly, ..person() }, Reason::HeadRequest);
}

#[test]
fn a_purpose_ahead_of_the_click_suffices_in_any_header() {
    let ahead = ["prefetch", "prefetch;prerender", "Prefetch;anonymous-client-ip", "prerender", "preview"];
    for purpose in ahead {
        for header in 0..PURPOSE_HEADERS.len() {
            let mut purposes = [Some("navigation"); PURPOSE_HEADERS.len()];
            purposes[header] = Some(purpose);
            assert_only(&Evidence { purpose: prefetch_purpose(purposes), ..person() }, Reason::Prefetch);
        }
    }
}

#[test]
fn any_other_purpose_is_human() {
    let purpose = prefetch_purpose([None, Some(""), Some("navigation"), None]);
    assert_eq!(purpose, Some(""));
    assert_eq!(classify(&Evidence { purpose, ..person() }).verdict(), ClickVerdict::Human);
}

#[test]
fn a_declared_bot_in_a_browsers_agent_suffices() {
    let user_agent = format!("{PERSON} SomebodysBot/1.0");
    assert_only(&Evidence { user_agent: Some(&user_agent), ..person() }, Reason::DeclaredBot);
}

#[test]
fn an_automation_tool_in_a_browsers_agent_suffices() {
    let user_agent = PERSON.replace("Chrome", "HeadlessChrome");
    assert_only(&Evidence { user_agent: Some(&user_agent), ..person() }, Reason::AutomationTool);
}

#[test]
fn half_a_browsers_agent_suffices() {
    let without_opening = PERSON.replace("Mozilla/5.0 ", "");
    let without_system = PERSON.replace("(Windows NT 10.0; Win64; x64) ", "");
    for user_agent in [without_opening, without_system] {
        assert_only(&Evidence { user_agent: Some(&user_agent), ..person() }, Reason::NotABrowser);
    }
}

#[test]
fn a_missing_accept_language_suffices() {
    assert_only(&Evidence { no_accept_language: true, ..person() }, Reason::NoAcceptLanguage);
}

#[test]
fn the_clicks_around_a_click_suffice_and_do_not_change_its_device() {
    let around = [
        (Evidence { burst: Burst { hits: true, links: false }, ..person() }, Reason::BurstHits),
        (Evidence { burst: Burst { hits: false, links: true }, ..person() }, Reason::BurstLinks),
        (Evidence { instant_conversion: true, ..person() }, Reason::InstantConversion),
    ];
    for (evidence, reason) in around {
        let classification = classify(&evidence);
        assert_eq!(Vec::from(classification.reasons), [reason]);
        assert_eq!((classification.verdict(), classification.device), (ClickVerdict::Bot, Device::Desktop));
    }
}

#[test]
fn reasons_add_up() {
    let evidence = Evidence { user_agent: None, request_kind: RequestKind::HeadersOnly, ..person() };
    let both = [Reason::EmptyUserAgent, Reason::HeadRequest];
    assert_eq!(Vec::from(classify(&evidence).reasons), both);
}

#[test]
fn in_app_and_odd_browsers_are_human_on_their_device() {
    for (device, user_agent) in expectations(include_str!("../../../data/in-app-browsers.txt")) {
        let classification = sent_by(user_agent);
        let reasons = Vec::from(classification.reasons);
        assert_eq!(classification.verdict(), ClickVerdict::Human, "{reasons:?}: {user_agent}");
        assert_eq!(classification.device.as_str(), device, "{user_agent}");
    }
}

#[test]
fn an_app_may_change_the_opening_of_a_web_view() {
    let web_views = expectations(include_str!("../../../data/in-app-browsers.txt"));
    let web_views =
        web_views.filter(|(device, agent)| *device == "MOBILE" && agent.starts_with("Mozilla/5.0 (") && agent.contains("AppleWebKit/"));
    let mut changed = 0;
    for (_, agent) in web_views {
        let whole = sent_by(agent);
        let rest = agent.strip_prefix("Mozilla/5.0 (").unwrap();
        let forms = [
            format!("SomeApp/24.4.0 {agent}"),
            format!("SomeApp/24.4.0 (build 7) {agent}"),
            format!("com.example.some/24.4/{agent}"),
            rest.to_owned(),
            rest.split_once("; ").unwrap_or_default().1.to_owned(),
        ];
        for form in forms {
            assert_eq!(sent_by(&form), whole, "{form}");
            changed += 1;
        }
    }
    assert!(changed > 100, "{changed}");
}

#[test]
fn the_name_of_a_device_is_no_evidence_of_a_bot_and_the_same_name_elsewhere_is() {
    for name in ["Spider", "BOT", "Crawl 5", "Scan+", "SEO", "Monitor X", "Perl", "Rapid7 LTE"] {
        for (before, after) in [
            (
                "Mozilla/5.0 (Linux; Android 14; ",
                " Build/UP1A.231005.007) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
            ),
            ("Mozilla/5.0 (Linux; Android 14; ", ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"),
        ] {
            let agent = format!("{before}{name}{after}");
            assert_eq!((sent_by(&agent).verdict(), sent_by(&agent).device), (ClickVerdict::Human, Device::Mobile), "{agent}");
            for declared in
                [format!("{agent} {name}Bot/1.0"), agent.replace("Mobile Safari", &format!("(compatible; {name}) Mobile Safari"))]
            {
                assert_eq!(sent_by(&declared).verdict(), ClickVerdict::Bot, "{declared}");
            }
        }
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
        let classification = sent_by(user_agent);
        let reasons: Vec<&str> = classification.reasons.iter().map(Reason::as_str).collect();
        assert!(reasons.contains(&reason), "{reasons:?}, not {reason}: {user_agent}");
        assert_eq!(classification.verdict(), ClickVerdict::Bot, "{user_agent}");
    }
}

#[test]
fn letter_case_does_not_matter() {
    for (_, user_agent) in expectations(include_str!("../../../data/known-bots.txt")) {
        assert_eq!(sent_by(user_agent), sent_by(&user_agent.to_uppercase()), "{user_agent}");
    }
}

#[test]
fn the_most_specific_flag_decides_the_device() {
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
fn only_the_stored_part_is_classified() {
    let padding = "x".repeat(MAX_KEPT_BYTES);
    let long = format!("{PERSON} {padding} Googlebot");
    assert!(sent_by(&long).reasons.is_empty());
    assert_eq!(kept_part(&long).len(), MAX_KEPT_BYTES);
    assert_eq!(sent_by(&long), sent_by(kept_part(&long)));
    assert_eq!(kept_part("é".repeat(MAX_KEPT_BYTES).as_str()).len(), MAX_KEPT_BYTES);
    assert_eq!(kept_part(&format!("a{}", "é".repeat(MAX_KEPT_BYTES))).len(), MAX_KEPT_BYTES - 1);
}

#[test]
fn any_text_can_be_classified() {
    for user_agent in ["^", "$", "\u{0}", "🦀 Mozilla", "Mozilla/5.0 (é; Línux) 🦀", &"é".repeat(600)] {
        sent_by(user_agent);
    }
}

#[test]
fn codes_are_the_same_in_storage_and_in_the_api() {
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
    for device in Device::ALL {
        assert_eq!(serde_json::to_value(device).unwrap(), device.as_str());
        assert_eq!(device.as_str().to_lowercase().parse(), Ok(device));
    }
    assert!("PHONE".parse::<Device>().is_err());
    for verdict in [ClickVerdict::Human, ClickVerdict::Bot] {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
    }
    let reasons = classify(&Evidence { user_agent: None, ..person() }).reasons;
    assert_eq!(serde_json::to_string(&reasons).unwrap(), r#"["empty_user_agent"]"#);
}
