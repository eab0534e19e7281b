//! Numbers as text: exact decimals, thousands separators, percentages. Must never use a float.

use crate::sym::Coeff;

/// Longest fraction that is written out as a decimal.
const MAX_PLACES: usize = 400;

/// An exact decimal where the fraction terminates, `p/q` where it does not.
pub(super) fn decimal(value: &Coeff) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    let ten = Coeff::from(10);
    let mut scaled = value.clone();
    for places in 1..=value.bits().min(MAX_PLACES) {
        scaled = &scaled * &ten;
        if scaled.is_integer() {
            return pointed(&scaled, places);
        }
    }
    value.to_string()
}

/// The same with thousands separators: `10,056,892,416,000`, `1,000.5`, `4,096/3`.
pub(super) fn grouped(value: &Coeff) -> String {
    let mut text = String::new();
    group(&mut text, value);
    text
}

/// Appends the same.
pub(super) fn group(text: &mut String, value: &Coeff) {
    if value.is_zero() {
        return text.push('0');
    }
    let plain = decimal(value);
    if let Some((num, den)) = plain.split_once('/') {
        separate(text, num);
        text.push('/');
        return separate(text, den);
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    separate(text, whole);
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
}

/// A share as a percentage of one decimal, rounded half up; a share that rounds to nothing says that it is not nothing.
pub(super) fn percent(share: &Coeff) -> String {
    if share.is_zero() {
        return String::from("0.0%");
    }
    let half = Coeff::from_ratio(1, 2).unwrap_or(Coeff::ZERO);
    let tenths = (&(share * &Coeff::from(1000)) + &half).floor();
    if tenths.is_zero() && share.sign() > 0 {
        return String::from("<0.1%");
    }
    let mut rounded = pointed(&tenths, 1);
    rounded.push('%');
    rounded
}

/// A share of either sign as a percentage of one decimal with its sign, `+12.5%`; one that rounds to nothing says that it is
/// not nothing, and one that is nothing has no sign.
pub(super) fn change(share: &Coeff) -> String {
    let sign = match share.sign() {
        0 => "",
        1 => "+",
        _ => "-",
    };
    format!("{sign}{}", percent(&share.abs()))
}

/// A number of `places` decimals, rounded half up.
pub(super) fn rounded(value: &Coeff, places: usize) -> String {
    if value.is_zero() {
        return pointed(value, places);
    }
    let mut ten = Coeff::ONE;
    for _ in 0..places {
        ten = &ten * &Coeff::from(10);
    }
    let half = Coeff::from_ratio(1, 2).unwrap_or(Coeff::ZERO);
    pointed(&(&(value * &ten) + &half).floor(), places)
}

/// An integer with a point before its last digits.
fn pointed(scaled: &Coeff, places: usize) -> String {
    let mut text = scaled.to_string();
    let sign = usize::from(scaled.is_negative());
    let missing = (sign + places + 1).saturating_sub(text.len());
    if missing > 0 {
        text.insert_str(sign, &"0".repeat(missing));
    }
    text.insert(text.len() - places, '.');
    text
}

/// An integer with separators.
pub(super) fn separated(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    separate(&mut text, digits);
    text
}

/// Writes an integer with separators.
fn separate(text: &mut String, digits: &str) {
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |rest| ("-", rest));
    text.push_str(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(num: i64, den: i64) -> Coeff {
        Coeff::from_ratio(num, den).expect("not zero")
    }

    #[test]
    fn thousands_are_separated_at_any_size() {
        assert_eq!(grouped(&Coeff::from(0)), "0");
        assert_eq!(grouped(&Coeff::from(999)), "999");
        assert_eq!(grouped(&Coeff::from(1000)), "1,000");
        assert_eq!(grouped(&Coeff::from(-123_456)), "-123,456");
        let huge = Coeff::from(10).pow(24).expect("a positive power");
        assert_eq!(grouped(&huge), "1,000,000,000,000,000,000,000,000");
        assert_eq!(grouped(&ratio(2_000_001, 2)), "1,000,000.5");
        assert_eq!(grouped(&ratio(4096, 3)), "4,096/3");
    }

    #[test]
    fn fractions_are_decimals_only_where_they_terminate() {
        assert_eq!(decimal(&ratio(1001, 2)), "500.5");
        assert_eq!(decimal(&ratio(-1, 8)), "-0.125");
        assert_eq!(
            decimal(&ratio(1, 1 << 30)),
            "0.000000000931322574615478515625"
        );
        assert_eq!(decimal(&ratio(7, 3)), "7/3");
        assert_eq!(decimal(&ratio(1, 20)), "0.05");
    }

    #[test]
    fn shares_round_half_up_and_never_hide_a_trace() {
        assert_eq!(percent(&Coeff::ONE), "100.0%");
        assert_eq!(percent(&Coeff::ZERO), "0.0%");
        assert_eq!(percent(&ratio(1, 3)), "33.3%");
        assert_eq!(percent(&ratio(1, 2000)), "0.1%");
        assert_eq!(percent(&ratio(1, 2001)), "<0.1%");
        assert_eq!(rounded(&ratio(2, 3), 6), "0.666667");
    }

    #[test]
    fn changes_have_a_sign_unless_there_is_none() {
        assert_eq!(change(&ratio(1, 8)), "+12.5%");
        assert_eq!(change(&ratio(-1, 9)), "-11.1%");
        assert_eq!(change(&ratio(-1, 9999)), "-<0.1%");
        assert_eq!(change(&Coeff::ZERO), "0.0%");
    }
}
