//! PostgreSQL's binary `numeric`: groups of four decimal digits.
//!
//! It starts with four 16-bit numbers: the number of groups, the power of 10,000 of the first group, the
//! sign, and the number of displayed digits after the point. The format is that of `numeric_send` in the
//! server's `numeric.c`.

use rust_decimal::Decimal;

const BASE: u128 = 10_000;
const GROUP: u32 = 4;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// The groups of the longest decimal: 29 digits, and three zeros that fill the last group.
const GROUPS: usize = 8;

/// Appends the number in PostgreSQL's format, with its own number of digits after the point.
pub fn encode(value: Decimal, out: &mut Vec<u8>) {
    let scale = value.scale();
    let after_point = scale.div_ceil(GROUP);
    // Whole groups after the point.
    let mut rest = value.mantissa().unsigned_abs() * 10_u128.pow(after_point * GROUP - scale);
    let mut groups = [0_u16; GROUPS];
    let mut first = GROUPS;
    let mut add = |group: u16| {
        first -= 1;
        groups[first] = group;
    };
    while rest > u64::MAX.into() {
        add((rest % BASE) as u16);
        rest /= BASE;
    }
    // Most numbers have at most 64 bits, which are divided much faster.
    let mut rest = rest as u64;
    while rest > 0 {
        add((rest % BASE as u64) as u16);
        rest /= BASE as u64;
    }
    let groups = &groups[first..];
    let significant = groups.iter().rposition(|group| *group != 0).map_or(0, |last| last + 1);
    let weight = if significant == 0 { 0 } else { groups.len() as i16 - after_point as i16 - 1 };
    let sign = if value.is_sign_negative() && significant > 0 { NEGATIVE } else { 0 };
    out.extend((significant as u16).to_be_bytes());
    out.extend(weight.to_be_bytes());
    out.extend(sign.to_be_bytes());
    out.extend((scale as u16).to_be_bytes());
    for group in &groups[..significant] {
        out.extend(group.to_be_bytes());
    }
}

/// Decodes a decimal from PostgreSQL.
///
/// # Errors
///
/// The name of an unsupported value: NaN, infinity, or a number with too many digits.
pub fn decode(raw: &[u8]) -> Result<Decimal, &'static str> {
    let mut words = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let mut word = || words.next().ok_or("a truncated numeric");
    let count = word()?;
    let weight = word()? as i16;
    let sign = word()?;
    let shown = u32::from(word()?);
    match sign {
        NAN => return Err("NaN, which a decimal cannot represent"),
        INFINITY | NEGATIVE_INFINITY => return Err("infinity, which a decimal cannot represent"),
        _ => {}
    }
    const TOO_LARGE: &str = "a numeric with more digits than the 28 of a decimal";
    let mut mantissa = 0_i128;
    for _ in 0..count {
        mantissa = mantissa
            .checked_mul(BASE as i128)
            .and_then(|sum| sum.checked_add(word().ok()?.into()))
            .ok_or(TOO_LARGE)?;
    }
    // The power of ten of the last group.
    let mut exponent = i32::from(GROUP as i16) * (i32::from(weight) - i32::from(count) + 1);
    if mantissa == 0 {
        exponent = 0;
    }
    // Trailing zeros are kept up to the displayed digits and the maximum scale.
    let wanted = -(shown.min(Decimal::MAX_SCALE) as i32);
    while exponent < wanted && mantissa % 10 == 0 {
        mantissa /= 10;
        exponent += 1;
    }
    while exponent > wanted
        && let Some(longer) = mantissa.checked_mul(10).filter(|longer| exponent > 0 || fits(*longer))
    {
        mantissa = longer;
        exponent -= 1;
    }
    if exponent > 0 || exponent < -(Decimal::MAX_SCALE as i32) || !fits(mantissa) {
        return Err(TOO_LARGE);
    }
    let mantissa = if sign == NEGATIVE { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(mantissa, exponent.unsigned_abs()).map_err(|_| TOO_LARGE)
}

/// Whether the digits fit in a decimal.
fn fits(mantissa: i128) -> bool {
    mantissa.unsigned_abs() < 1 << 96
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_went() {
        for text in [
            "0",
            "0.00",
            "1",
            "-1",
            "1.50",
            "10000",
            "9999",
            "0.0001",
            "0.00001",
            "-0.1",
            "123456789.987654321",
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "7.9228162514264337593543950335",
            "0.0000000000000000000000000001",
            "100000000000000000000000000",
            "1.0000000000000000000000000000",
        ] {
            let value: Decimal = text.parse().unwrap();
            let mut bytes = Vec::new();
            encode(value, &mut bytes);
            let back = decode(&bytes).unwrap();
            assert_eq!(back.to_string(), value.to_string());
        }
    }

    #[test]
    fn refuses_what_is_no_decimal() {
        let raw = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        assert!(decode(&raw(&[0, 0, NAN, 0])).unwrap_err().contains("NaN"));
        assert!(decode(&raw(&[0, 0, INFINITY, 0])).unwrap_err().contains("infinity"));
        // 10,000 to the power of 8, and one digit too many after the point
        assert!(decode(&raw(&[1, 8, 0, 0, 1])).unwrap_err().contains("digits"));
        assert!(decode(&raw(&[1, (-8_i16) as u16, 0, 32, 1])).unwrap_err().contains("digits"));
        assert!(decode(&raw(&[20, 0, 0, 0])).is_err());
        assert!(decode(&[0, 1]).is_err());
        // more zeros than there is room for are not digits
        assert_eq!(decode(&raw(&[1, 0, 0, 40, 5])).unwrap().normalize(), Decimal::from(5));
    }
}
