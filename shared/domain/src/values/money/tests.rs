//! Amounts: read to the minor unit, refused when not exact, printed without drift.

use super::*;
use crate::values::decimal::ratio;
use proptest::prelude::*;

fn read(text: &str, currency: &str) -> Result<i64, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Money::read(&value, currency.parse()?).map(|money| money.minor)
}

#[test]
fn amounts_are_read_to_the_minor_unit() {
    for (text, currency, minor) in [
        ("24.99", "USD", 2499),
        ("24.990", "USD", 2499),
        ("0", "USD", 0),
        ("1e2", "EUR", 10_000),
        ("-0", "USD", 0),
        ("100", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("999999999999.99", "USD", 99_999_999_999_999),
        ("2.50e1", "USD", 2500),
    ] {
        assert_eq!(read(text, currency), Ok(minor), "{text} {currency}");
    }
}

#[test]
fn amounts_that_are_not_exact_are_refused() {
    for (text, currency) in [
        ("24.999", "USD"),
        ("-1", "USD"),
        ("-0.01", "USD"),
        ("1.5", "JPY"),
        ("1000000000000", "USD"),
        ("1e400", "USD"),
        ("\"24.99\"", "USD"),
        ("1", "usd"),
        ("1", "XXX"),
        ("1", "US"),
        ("null", "USD"),
        ("[1]", "USD"),
        ("1e-3", "USD"),
        ("0.00000000000000000000000000000000001", "USD"),
    ] {
        assert!(read(text, currency).is_err(), "{text} {currency}");
    }
}

#[test]
fn ratios_are_rounded_half_up_at_the_fourth_decimal() {
    let text = |part, whole| ratio(part, whole).map(|ratio| ratio.to_string());
    for (part, whole, expected) in [
        (0, 7, "0"),
        (1, 3, "0.3333"),
        (2, 3, "0.6667"),
        (1, 20_000, "0.0001"),
        (1, 20_001, "0"),
        (3, 2, "1.5"),
        (7, 1, "7"),
        (1_999, 10_000, "0.1999"),
    ] {
        assert_eq!(text(part, whole).as_deref(), Some(expected), "{part}/{whole}");
    }
    assert_eq!((text(0, 0), text(5, 0)), (None, None));
}

#[test]
fn a_change_goes_either_way_and_is_never_nothing() {
    let change = |text: &str, currency: &str| -> Result<i64, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        MoneyChange::read(&value, currency.parse()?).map(|change| change.minor)
    };
    for (text, currency, minor) in
        [("-24.99", "USD", -2499), ("0.001", "KWD", 1), ("-100", "JPY", -100), ("-999999999999.999", "KWD", -999_999_999_999_999)]
    {
        assert_eq!(change(text, currency), Ok(minor), "{text} {currency}");
        assert_eq!(MoneyChange::check(&serde_json::from_str(text).unwrap()), Ok(()), "{text}");
    }
    for (text, currency) in [("0", "USD"), ("-0.00", "USD"), ("-0.001", "USD"), ("0.5", "JPY"), ("-1000000000000", "USD"), ("\"1\"", "USD")]
    {
        assert!(change(text, currency).is_err(), "{text} {currency}");
    }
    for text in ["0", "-0.0", "\"1\"", "[]", "true", "1e400"] {
        assert!(MoneyChange::check(&serde_json::from_str(text).unwrap()).is_err(), "{text}");
    }
}

#[test]
fn what_holds_in_every_currency_is_checked_without_one() {
    for (text, is_amount) in [
        ("0", true),
        ("-0.0", true),
        ("24.999", true),
        ("999999999999.9999", true),
        ("1000000000000", false),
        ("-0.01", false),
        ("-1", false),
        ("\"1\"", false),
        ("null", false),
    ] {
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(Money::check(&value).is_ok(), is_amount, "{text}");
        // A field without a currency checks the same, and reads no amount.
        assert_eq!(Money::field(None).read(value).ok(), is_amount.then_some(None), "{text}");
    }
}

#[test]
fn a_refusal_says_what_would_be_right() {
    let change = |text: &str| MoneyChange::read(&serde_json::from_str(text).unwrap(), Currency::USD).map(|change| change.minor);
    for (refused, message) in [
        (read("-1", "USD"), "must not be negative"),
        (change("0"), "must not be 0: a refund is negative, a correction upward positive"),
        (read("\"1\"", "USD"), "must be a number, not text"),
        (read("[1]", "USD"), "must be a number"),
        (read("1e400", "USD"), "must be a plain number within range"),
        (read("1e12", "USD"), "must have at most 12 digits before the decimal point"),
        (read("0.001", "USD"), "has more decimals than USD allows (2)"),
        (read("0.1", "JPY"), "has more decimals than JPY allows (0)"),
    ] {
        assert_eq!(refused, Err(message.to_owned()));
    }
}

#[test]
fn a_number_may_be_spelled_in_forty_characters_and_no_more() {
    let spelled = |characters: usize| format!("1e+{}1", "0".repeat(characters - 4));
    assert_eq!(read(&spelled(39), "USD"), Ok(1_000));
    assert_eq!(read(&spelled(40), "USD"), Ok(1_000));
    assert!(read(&spelled(41), "USD").is_err() && read(&spelled(42), "USD").is_err());
}

#[test]
fn the_largest_amount_has_twelve_integer_digits_and_all_decimals_of_its_currency() {
    for (code, decimals, largest) in
        [("JPY", 0, 999_999_999_999), ("USD", 2, 99_999_999_999_999), ("KWD", 3, 999_999_999_999_999), ("CLF", 4, 9_999_999_999_999_999)]
    {
        let currency: Currency = code.parse().unwrap();
        assert_eq!((currency.decimals(), max_minor(currency)), (decimals, largest), "{code}");
        let amount = Money { minor: largest, currency }.amount();
        assert_eq!(Money::read(&Value::Number(amount), currency).map(|money| money.minor), Ok(largest), "{code}");
    }
}

#[test]
fn requests_describe_amounts_from_zero_and_changes_in_both_directions() {
    let bounds = |schema: Schema| match schema.kind {
        SchemaKind::Number { min, max } => (min, max),
        other => panic!("{other:?}"),
    };
    let largest = 999_999_999_999.999_9;
    assert_eq!(bounds(Money::field(None).schema()), (0.0, largest));
    assert_eq!(bounds(Money::raw_field(None).schema()), (0.0, largest));
    assert_eq!(bounds(MoneyChange::field(None).schema()), (-largest, largest));
}

#[test]
fn currencies_are_shown_stored_and_ordered_by_their_codes() {
    let codes = ["AED", "CLF", "JPY", "KWD", "USD"];
    let currencies = codes.map(|code| code.parse::<Currency>().unwrap());
    for (place, (code, currency)) in codes.into_iter().zip(currencies).enumerate() {
        assert_eq!((currency.code(), currency.to_string(), format!("{currency:?}")), (code, code.to_owned(), code.to_owned()));
        assert_eq!(serde_json::to_value(currency).unwrap(), code);
        assert_eq!(serde_json::from_value::<Currency>(code.into()).unwrap(), currency);
        for (other_place, other) in currencies.into_iter().enumerate() {
            assert_eq!(currency.cmp(&other), place.cmp(&other_place), "{currency} and {other}");
            assert_eq!(currency.partial_cmp(&other), Some(place.cmp(&other_place)), "{currency} and {other}");
        }
    }
    assert!(serde_json::from_value::<Currency>("usd".into()).is_err());
}

proptest! {
    #[test]
    fn every_change_prints_and_reads_back_without_drift(minor in -999_999_999_999_999_i64..=999_999_999_999_999, code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"])) {
        let currency: Currency = code.parse().unwrap();
        prop_assume!(minor != 0 && minor.abs() <= max_minor(currency));
        let change = MoneyChange { minor, currency };
        prop_assert_eq!(MoneyChange::read(&Value::Number(change.amount()), currency), Ok(change));
    }

    #[test]
    fn every_amount_prints_and_reads_back_without_drift(minor in 0_i64..=99_999_999_999_999, code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"])) {
        let currency: Currency = code.parse().unwrap();
        prop_assume!(minor / 10_i64.pow(currency.decimals()) < 1_000_000_000_000);
        let money = Money { minor, currency };
        prop_assert_eq!(Money::read(&Value::Number(money.amount()), currency), Ok(money));
    }
}
