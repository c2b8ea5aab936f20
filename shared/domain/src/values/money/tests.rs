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
