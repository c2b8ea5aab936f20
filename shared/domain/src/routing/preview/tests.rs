//! What the body of a preview asks for, and what it may not hold.

use serde_json::json;

use super::*;
use crate::testing;

const NOW: Moment = Moment::from_millis(1_772_366_400_000);

fn read(body: Value) -> Result<PreviewRequest, Faults> {
    PreviewRequest::read(body, &OwnHosts::new(["10x.example".to_owned()]), NOW)
}

/// Of a visitor of whom nothing is known.
fn unknown() -> DescribedVisit {
    let visit = Visit {
        country: "UNKNOWN".to_owned(),
        device: Device::Unknown,
        source: "direct".to_owned(),
        campaign: None,
        referrer: "direct".to_owned(),
        language: None,
        session_id: None,
        segments: Vec::new(),
        at: NOW,
        subject: String::new(),
    };
    DescribedVisit { visit, at: None, names_segments: false }
}

#[test]
fn what_a_request_leaves_out_is_as_of_a_visitor_of_whom_nothing_is_known() {
    let one = |visit| Ok(PreviewRequest { draft: None, visits: PreviewedVisits::One(Box::new(visit)) });
    assert_eq!(read(json!({})), one(unknown()));
    assert_eq!(read(json!({"segments": []})), one(DescribedVisit { names_segments: true, ..unknown() }));

    let all = json!({
        "country": "us", "device": "mobile", "source": " Instagram ", "campaign": "SPRING", "language": "de-AT",
        "segments": ["VIP", "new"], "at": "2026-03-06T22:30:59.999Z", "sessionId": "s-1",
    });
    let visit = Visit { session_id: Some("s-1".parse().unwrap()), subject: "s-1".to_owned(), ..testing::visit() };
    assert_eq!(read(all), one(DescribedVisit { at: Some(visit.at), visit, names_segments: true }));
}

#[test]
fn a_request_describes_1_to_24_visits_in_order_or_itself_one() {
    let described = |number: usize| json!({"source": format!("source-{number}")});
    for count in 1..=24 {
        let visit = |number: usize| DescribedVisit { visit: Visit { source: format!("source-{number}"), ..unknown().visit }, ..unknown() };
        let visits = PreviewedVisits::Many((0..count).map(visit).collect());
        let body = json!({"visits": (0..count).map(described).collect::<Vec<_>>()});
        assert_eq!(read(body), Ok(PreviewRequest { draft: None, visits }));
    }
    let fields = |body: Value| read(body).unwrap_err().0.into_iter().map(|fault| fault.field).collect::<Vec<_>>();
    assert_eq!(fields(json!({"visits": []})), ["visits"]);
    assert_eq!(fields(json!({"visits": (0..25).map(described).collect::<Vec<_>>()})), ["visits"]);
    assert_eq!(fields(json!({"visits": [described(1)], "country": "DE"})), ["country"]);
    let damaged = json!({"country": "Germany", "device": "FRIDGE", "source": " ", "segments": [""], "at": "soon", "color": "red"});
    let mut of_one = fields(damaged.clone());
    of_one.sort();
    assert_eq!(of_one, ["at", "color", "country", "device", "segments[0]", "source"]);
    let mut of_many = fields(json!({"visits": [{}, damaged]}));
    of_many.sort();
    assert_eq!(of_many, of_one.iter().map(|field| format!("visits[1].{field}")).collect::<Vec<_>>());
}

#[test]
fn a_draft_is_a_link_checked_like_a_write_for_one_visit_and_for_several() {
    let (link, loops) = (json!({"destinationUrl": "https://e.com/draft"}), json!({"destinationUrl": "https://demo.10x.example/loop"}));
    let (settings, _) = LinkSettings::read(link.clone(), &OwnHosts::default()).unwrap();
    for with_draft in [|draft: &Value| json!({"draft": draft}), |draft: &Value| json!({"draft": draft, "visits": [{}]})] {
        assert_eq!(read(with_draft(&link)).unwrap().draft, Some(settings.clone()));
        let faults = read(with_draft(&loops)).unwrap_err();
        assert_eq!(faults.0.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["draft.destinationUrl"]);
    }
}
