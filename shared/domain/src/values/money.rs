//! Money: whole minor units with their currency inside, exact decimal digits outside (specification §1, §7).

use std::fmt;
use std::str::FromStr;

use crate::values::decimal::{decimal, exact, scaled};
use crate::values::form::{self, Field};
use crate::values::schema::{Schema, SchemaKind};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// An ISO 4217 currency that has a minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency of reports when no other is given.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The number of decimals of an amount.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(text)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or("must be an ISO 4217 currency code in capital letters, such as USD")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Also one without a minor unit, should a currency lose its own.
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        iso_currency::Currency::from_code(&text).map(Self).ok_or_else(|| serde::de::Error::custom("is not an ISO 4217 currency"))
    }
}

crate::values::schema::text_schema!(Currency, pattern("^[A-Z]{3}$"));

/// The largest value of one conversion: twelve digits before the decimal point.
const MAX_INTEGER_DIGITS: u32 = 12;

/// The largest value of one conversion in minor units of a currency, also after its adjustments.
pub fn max_minor(currency: Currency) -> i64 {
    10_i64.saturating_pow(MAX_INTEGER_DIGITS + currency.decimals()) - 1
}

/// Amounts from `min` up, of twelve integer digits at most, as the document says it.
fn amounts(min: f64) -> Schema {
    Schema::new(SchemaKind::Number { min, max: MAX_AMOUNT })
}

/// The largest amount of the currency with the most decimals.
const MAX_AMOUNT: f64 = 999_999_999_999.999_9;

/// An amount of one conversion, in minor units; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: cents of a dollar, fils of a dinar.
    pub minor: i64,
    /// Their currency.
    pub currency: Currency,
}

impl Money {
    /// Reads a JSON number digit by digit, never through a binary float.
    ///
    /// # Errors
    /// When it is negative, has more than twelve integer digits, or more decimals than the currency.
    pub fn read(value: &Value, currency: Currency) -> Result<Self, String> {
        let minor = minor_units(value, currency)?;
        if minor < 0 {
            return Err(NEGATIVE.to_owned());
        }
        Ok(Self { minor, currency })
    }

    /// An amount in a request; without a currency it is only checked.
    pub(crate) fn field(currency: Option<Currency>) -> impl Field<Output = Option<Self>> {
        form::leaf(
            move || amounts(0.0),
            move |value| match currency {
                Some(currency) => Self::read(&value, currency).map(Some),
                None => Self::check(&value).map(|()| None),
            },
        )
    }

    /// An amount in a request as it is given, checked in the currency if there is one.
    pub(crate) fn raw_field(currency: Option<Currency>) -> impl Field<Output = Value> {
        form::leaf(move || amounts(0.0), move |value| Self::field(currency).read(value.clone()).map(|_| value))
    }

    /// Checks what holds in every currency.
    ///
    /// # Errors
    /// When it is not a number, negative, or has more than twelve integer digits.
    pub fn check(value: &Value) -> Result<(), String> {
        let decimal = plain(value)?;
        if decimal.is_sign_negative() && !decimal.is_zero() { Err(NEGATIVE.to_owned()) } else { Ok(()) }
    }

    /// The amount as a JSON number with exact digits and no trailing zeros.
    pub fn amount(self) -> Number {
        amount(i128::from(self.minor), self.currency)
    }
}

/// A change of the value of a conversion; a refund is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyChange {
    /// Minor units.
    pub minor: i64,
    /// Their currency.
    pub currency: Currency,
}

impl MoneyChange {
    /// A change in a request; without a currency it is only checked.
    pub(crate) fn field(currency: Option<Currency>) -> impl Field<Output = Option<Self>> {
        form::leaf(
            || amounts(-MAX_AMOUNT),
            move |value| match currency {
                Some(currency) => Self::read(&value, currency).map(Some),
                None => Self::check(&value).map(|()| None),
            },
        )
    }

    /// Reads a JSON number digit by digit, never through a binary float.
    ///
    /// # Errors
    /// When it is zero, has more than twelve integer digits, or more decimals than the currency.
    pub fn read(value: &Value, currency: Currency) -> Result<Self, String> {
        let minor = minor_units(value, currency)?;
        if minor == 0 {
            return Err(NOT_ZERO.to_owned());
        }
        Ok(Self { minor, currency })
    }

    /// Checks what holds in every currency.
    ///
    /// # Errors
    /// When it is not a number, or zero.
    pub fn check(value: &Value) -> Result<(), String> {
        if plain(value)?.is_zero() { Err(NOT_ZERO.to_owned()) } else { Ok(()) }
    }

    /// The change as a JSON number with exact digits and no trailing zeros.
    pub fn amount(self) -> Number {
        amount(i128::from(self.minor), self.currency)
    }
}

impl From<Money> for MoneyChange {
    fn from(money: Money) -> Self {
        Self { minor: money.minor, currency: money.currency }
    }
}

const NEGATIVE: &str = "must not be negative";
const NOT_ZERO: &str = "must not be 0: a refund is negative, a correction upward positive";

/// A JSON number within the range of one conversion.
fn plain(value: &Value) -> Result<Decimal, String> {
    let number = match value {
        Value::Number(number) => number,
        Value::String(_) => return Err("must be a number, not text".to_owned()),
        _ => return Err("must be a number".to_owned()),
    };
    let decimal = exact(number).ok_or("must be a plain number within range")?.normalize();
    if decimal.abs() >= Decimal::from(10_u64.pow(MAX_INTEGER_DIGITS)) {
        return Err(format!("must have at most {MAX_INTEGER_DIGITS} digits before the decimal point"));
    }
    Ok(decimal)
}

fn minor_units(value: &Value, currency: Currency) -> Result<i64, String> {
    plain(value)?;
    let decimals = currency.decimals();
    let minor = scaled(value, decimals).and_then(|minor| i64::try_from(minor).ok());
    minor.ok_or_else(|| format!("has more decimals than {currency} allows ({decimals})"))
}

/// A sum of minor units as a JSON number: 2499 US cents are `24.99`.
pub fn amount(minor: i128, currency: Currency) -> Number {
    decimal(minor, currency.decimals())
}

#[cfg(test)]
mod tests;
