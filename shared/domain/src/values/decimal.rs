//! Exact decimal numbers of JSON: amounts, percentages and ratios without floating point.

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// `units` of 10^-`decimals` each, as a JSON number with exact digits and no trailing zeros.
pub(crate) fn decimal(units: i128, decimals: u32) -> Number {
    let text = Decimal::try_from_i128_with_scale(units, decimals).map_or_else(|_| units.to_string(), |exact| exact.normalize().to_string());
    text.parse().unwrap_or_else(|_| Number::from(0))
}

/// `part` over `whole` as a JSON number, rounded half up to four decimals; none when `whole` is 0. For counts, which are not negative.
pub(crate) fn ratio(part: i128, whole: i128) -> Option<Number> {
    let rounded = part.checked_mul(20_000)?.checked_add(whole)?.checked_div(whole.checked_mul(2)?)?;
    Some(decimal(rounded, 4))
}

/// A JSON number in units of 10^-`decimals`, if it is a whole number of them.
pub(crate) fn scaled(value: &Value, decimals: u32) -> Option<i128> {
    let Value::Number(number) = value else { return None };
    let exact = exact(number)?.checked_mul(Decimal::from(10_u64.pow(decimals)))?.normalize();
    (exact.scale() == 0).then(|| exact.mantissa())
}

pub(crate) fn exact(number: &Number) -> Option<Decimal> {
    let text = number.as_str();
    // An exponent could name a number of a billion digits; no spelling of a price is longer than this.
    if text.len() > 40 {
        return None;
    }
    match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(text).ok(),
        false => Decimal::from_str_exact(text).ok(),
    }
}
