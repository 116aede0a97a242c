//! Exact decimals: the only file that names the decimal crate.
//!
//! 96 bits of digits and a scale of up to 28, enough for any ledger. Every
//! operation that can leave that range says so with `None`; nothing wraps,
//! nothing rounds silently. Equality and order go by amount: `1.0 == 1.00`.

use rust_decimal::RoundingStrategy;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An exact decimal number. Money, quantities and rates are all of this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(#[serde(with = "rust_decimal::serde::str")] rust_decimal::Decimal);

impl Decimal {
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// `units` hundredths: `Decimal::cents(1999)` is 19.99.
    pub fn cents(units: i64) -> Self {
        Self(rust_decimal::Decimal::new(units, 2))
    }

    /// The shortest decimal that reads back as this float, as JSON numbers arrive.
    /// Exact up to 15 significant digits; beyond them the text is not trustworthy
    /// and the answer is `None`.
    pub fn from_json_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{number}");
        let digits = text.trim_start_matches('-').replace('.', "");
        let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
        if significant > 15 {
            return None;
        }
        text.parse().ok()
    }

    /// `None` also where the exact sum would have more digits than fit: the crate would round it.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self).filter(|sum| sum.0.scale() >= self.places().max(other.places()))
    }

    /// As [`Decimal::checked_add`].
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    /// As [`Decimal::checked_add`]: a product that would have to be rounded is `None`.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let exact = self.0.normalize().checked_mul(other.0.normalize()).map(Self);
        exact.filter(|product| {
            product.0.scale() >= self.places() + other.places()
                || product.is_zero() && (self.is_zero() || other.is_zero())
        })
    }

    /// `None` for a division by zero or a quotient out of range.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.0.checked_div(other.0).map(Self)
    }

    /// Zero has no sign.
    #[must_use]
    pub fn negated(self) -> Self {
        if self.is_zero() { self } else { Self(-self.0) }
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Rounded half away from zero, as an invoice is, to `places` (0 to 28).
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self(self.0.round_dp_with_strategy(places.min(28), RoundingStrategy::MidpointAwayFromZero))
    }

    /// Rounded half to the even neighbour, to `places` (0 to 28).
    #[must_use]
    pub fn rounded_half_even(self, places: u32) -> Self {
        Self(self.0.round_dp_with_strategy(places.min(28), RoundingStrategy::MidpointNearestEven))
    }

    /// How many units of so many digits after the point this is: 19.99 is 1999 units of two.
    /// `None` if it is no whole number of them, or more than fit.
    pub fn units(self, places: u32) -> Option<i128> {
        let plain = self.0.normalize();
        let shift = places.checked_sub(plain.scale())?;
        10_i128.checked_pow(shift)?.checked_mul(plain.mantissa())
    }

    /// So many units of `places` digits after the point; `None` if those are more digits than fit.
    pub fn from_units(units: i128, places: u32) -> Option<Self> {
        rust_decimal::Decimal::try_from_i128_with_scale(units, places).ok().map(Self)
    }

    /// The number of digits after the point that matter.
    pub fn places(self) -> u32 {
        self.0.normalize().scale()
    }

    /// Rounded and padded to exactly `places` digits after the point: `9000` at 2 is `9000.00`.
    pub fn fixed(self, places: u32) -> String {
        let places = places.min(28);
        format!("{:.*}", places as usize, self.rounded(places).0)
    }

    /// For people: at least two decimals, thousands apart: `1,234,567.80`.
    pub fn money(self) -> String {
        let text = self.fixed(self.places().max(2));
        let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
        let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
        let mut grouped = String::with_capacity(text.len() + whole.len() / 3);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}{grouped}.{cents}")
    }

    /// The whole number, if there is nothing after the point and it fits.
    pub fn to_integer(self) -> Option<i64> {
        if self.0.fract().is_zero() { i64::try_from(self.0.trunc()).ok() } else { None }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(rust_decimal::Decimal::from(number))
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        Self(rust_decimal::Decimal::from(number))
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    /// Plain or scientific notation, never rounded: more digits than fit is an error.
    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let text = text.trim();
        rust_decimal::Decimal::from_str_exact(text)
            .or_else(
                |error| {
                    if text.contains(['e', 'E']) { rust_decimal::Decimal::from_scientific(text) } else { Err(error) }
                },
            )
            .map(Self)
            .map_err(|_| NotADecimal(text.to_owned()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A text that is no decimal number, or has more digits than fit exactly.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{0}` is not a decimal number of at most 28 digits")]
pub struct NotADecimal(pub String);

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("test decimal")
    }

    #[test]
    fn amounts_compare_by_amount_not_by_text() {
        assert_eq!(decimal("1.0"), decimal("1.00"));
        assert_eq!(decimal("250.0").fixed(2), "250.00");
    }

    #[test]
    fn money_is_grouped_and_padded() {
        assert_eq!(decimal("1234567.8").money(), "1,234,567.80");
        assert_eq!(decimal("-999").money(), "-999.00");
        assert_eq!(decimal("0.1234").money(), "0.1234");
    }

    #[test]
    fn rounding_goes_away_from_zero_at_the_half() {
        assert_eq!(decimal("2.345").rounded(2), decimal("2.35"));
        assert_eq!(decimal("-2.345").rounded(2), decimal("-2.35"));
    }

    #[test]
    fn floats_beyond_fifteen_digits_are_refused() {
        assert_eq!(Decimal::from_json_float(10.10), Some(decimal("10.1")));
        assert_eq!(Decimal::from_json_float(0.1 + 0.2), None);
        assert_eq!(Decimal::from_json_float(f64::NAN), None);
    }

    #[test]
    fn nothing_is_rounded_silently() {
        let huge = decimal("79228162514264337593543950335");
        assert_eq!(huge.checked_add(decimal("0.01")), None);
        assert_eq!(huge.checked_sub(decimal("0.01")), None);
        let small = decimal("0.0000000000000001");
        assert_eq!(small.checked_mul(small), None);
        assert_eq!(decimal("1.50").checked_mul(decimal("2.00")), Some(decimal("3")));
        assert_eq!(small.checked_mul(Decimal::ZERO), Some(Decimal::ZERO));
        assert_eq!(decimal("0.00").negated().to_string(), "0.00");
    }

    #[test]
    fn nothing_overflows_silently() {
        let huge = decimal("79228162514264337593543950335");
        assert_eq!(huge.checked_add(decimal("1")), None);
        assert_eq!(huge.checked_div(Decimal::ZERO), None);
    }
}
