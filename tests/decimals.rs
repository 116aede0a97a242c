//! Decimals against a reckoning of its own: integers of as many digits as are needed, kept
//! as fractions, which share nothing with the code that is tested.

use mlc::model::functions;
use mlc::value::{Decimal, Value};
use num_bigint::{BigInt, Sign};
use std::env;

/// How many cases run when `MLC_DECIMALS` does not say.
const CASES: u64 = 20_000;

/// Numbers that look random and are the same on every machine.
struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number as text: mostly amounts in cents, sometimes long or with many places.
    fn number(&mut self) -> String {
        let (digits, places) = match self.below(8) {
            0 => (1 + self.below(28), self.below(12)),
            1 => (1 + self.below(4), 2),
            2 => (1 + self.below(12), self.below(7)),
            _ => (1 + self.below(11), 2),
        };
        let mut text: String = (0..digits).map(|_| char::from(b'0' + self.below(10) as u8)).collect();
        while text.len() <= places as usize {
            text.insert(0, '0');
        }
        if places > 0 {
            text.insert(text.len() - places as usize, '.');
        }
        if self.below(3) == 0 { format!("-{text}") } else { text }
    }

    fn numbers(&mut self, most: u64) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.number()).collect()
    }
}

/// `digits / 10^places`
#[derive(Clone, Debug)]
struct Exact {
    digits: BigInt,
    places: u32,
}

impl Exact {
    fn read(text: &str) -> Self {
        let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = text.replace('.', "").parse().expect("digits");
        Self { digits, places: u32::try_from(places).expect("few") }
    }

    fn at(&self, places: u32) -> BigInt {
        &self.digits * BigInt::from(10).pow(places - self.places)
    }

    fn plus(&self, other: &Self) -> Self {
        let places = self.places.max(other.places);
        Self { digits: self.at(places) + other.at(places), places }
    }

    fn times(&self, other: &Self) -> Self {
        Self { digits: &self.digits * &other.digits, places: self.places + other.places }
    }

    /// Rounded to `places`; halves go away from zero or to the even neighbour.
    fn rounded(&self, places: u32, even: bool) -> Self {
        if self.places <= places {
            return self.clone();
        }
        let size = BigInt::from(10).pow(self.places - places);
        let magnitude = self.digits.magnitude();
        let size = size.magnitude();
        let (whole, rest) = (magnitude / size, magnitude % size);
        let twice = &rest * 2_u32;
        let is_half_up = twice == *size && (!even || whole.bit(0));
        let whole = if twice > *size || is_half_up { whole + 1_u32 } else { whole };
        let sign = if self.digits.sign() == Sign::Minus { Sign::Minus } else { Sign::Plus };
        Self { digits: BigInt::from_biguint(sign, whole), places }
    }

    fn equals(&self, other: &Self) -> bool {
        let places = self.places.max(other.places);
        self.at(places) == other.at(places)
    }

    /// Whether it has at most 28 digits as it stands, so that a decimal surely holds it.
    fn surely_fits(&self) -> bool {
        let digits = self.digits.magnitude().to_string().len();
        digits <= 28 && self.places <= 28
    }
}

/// The function's value; `None` if it is out of range.
fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    (functions::find(name).expect(name).evaluate)(arguments).ok()
}

fn decimal(text: &str) -> Value {
    Value::from(text.parse::<Decimal>().expect(text))
}

fn decimals(texts: &[String]) -> Value {
    Value::list(texts.iter().map(|text| decimal(text)).collect())
}

/// A result that is right, or refused where the exact one is longer than a decimal.
fn agrees(result: Option<&Value>, exact: &Exact, what: &dyn Fn() -> String) {
    match result {
        Some(value) => {
            let read = Exact::read(&value.to_string());
            assert!(read.equals(exact), "{}: {value}, exactly {exact:?}", what());
        }
        None => assert!(!exact.surely_fits(), "{} was refused, exactly {exact:?}", what()),
    }
}

fn sums(random: &mut Random) {
    let numbers = random.numbers(12);
    let exact = numbers.iter().fold(Exact::read("0"), |sum, number| sum.plus(&Exact::read(number)));
    let result = call("sum", &[decimals(&numbers)]);
    // On the way a sum may be longer than in the end.
    let longest = numbers.iter().map(String::len).max().unwrap_or_default();
    if result.is_some() || longest < 20 {
        agrees(result.as_ref(), &exact, &|| format!("sum({numbers:?})"));
    }
}

fn products(random: &mut Random) {
    let (left, right) = (random.number(), random.number());
    let exact = Exact::read(&left).times(&Exact::read(&right));
    let number = |text: &str| text.parse::<Decimal>().expect("decimal");
    let result = number(&left).checked_mul(number(&right)).map(Value::from);
    agrees(result.as_ref(), &exact, &|| format!("{left} * {right}"));
    let exact = Exact::read(&left).plus(&Exact::read(&right));
    let result = number(&left).checked_add(number(&right)).map(Value::from);
    agrees(result.as_ref(), &exact, &|| format!("{left} + {right}"));
}

fn roundings(random: &mut Random) {
    let mut number = random.number();
    if random.below(2) == 0 && number.contains('.') {
        // A half, exactly.
        number.push('5');
    }
    if number.len() > 28 {
        return;
    }
    let places = u32::try_from(random.below(4)).expect("small");
    for (name, even) in [("round", false), ("round_half_even", true)] {
        let exact = Exact::read(&number).rounded(places, even);
        let result = call(name, &[decimal(&number), Value::from(i64::from(places))]);
        agrees(result.as_ref(), &exact, &|| format!("{name}({number}, {places})"));
    }
    let exact = Exact::read(&number).rounded(2, false);
    agrees(call("to_cent", &[decimal(&number)]).as_ref(), &exact, &|| format!("to_cent({number})"));
}

/// Shares add up to the total, and each is less than one unit away from its exact part.
fn allocations(random: &mut Random) {
    let total = random.number();
    let mut weights = random.numbers(9);
    match random.below(4) {
        0 => {}
        1 => weights.iter_mut().for_each(|weight| *weight = "0.00".to_owned()),
        _ => weights.iter_mut().for_each(|weight| *weight = weight.trim_start_matches('-').to_owned()),
    }
    let what = || format!("allocate({total}, {weights:?})");
    let exact: Vec<Exact> = weights.iter().map(|weight| Exact::read(weight)).collect();
    let Some(result) = call("allocate", &[decimal(&total), decimals(&weights)]) else {
        let longest = weights.iter().map(String::len).max().unwrap_or_default() + total.len();
        assert!(longest > 26, "{} was refused", what());
        return;
    };
    let shares: Vec<Exact> =
        result.as_list().expect("a list").iter().map(|share| Exact::read(&share.to_string())).collect();
    assert_eq!(shares.len(), weights.len(), "{}", what());
    if weights.is_empty() {
        return;
    }
    let total = Exact::read(&total);
    let sum = shares.iter().fold(Exact::read("0"), |sum, share| sum.plus(share));
    assert!(sum.equals(&total), "{}: the shares come to {sum:?}", what());
    let whole = exact.iter().fold(Exact::read("0"), |sum, weight| sum.plus(weight));
    let even = whole.digits == BigInt::ZERO;
    let whole = if even { Exact { digits: weights.len().into(), places: 0 } } else { whole };
    let unit = Exact { digits: 1.into(), places: shares[0].places };
    for (share, weight) in shares.iter().zip(&exact) {
        let weight = if even { Exact::read("1") } else { weight.clone() };
        // |share * whole - total * weight| < unit * |whole|
        let part = total.times(&weight);
        let minus = Exact { digits: -part.digits, places: part.places };
        let off = share.times(&whole).plus(&minus);
        let bound = unit.times(&whole);
        let places = off.places.max(bound.places);
        assert!(off.at(places).magnitude() < bound.at(places).magnitude(), "{}: {share:?} is no fair share", what());
        assert!(share.places <= total.places.max(2), "{}: {share:?} is finer than the total", what());
    }
}

#[test]
fn decimals_agree_with_exact_fractions() {
    let cases = env::var("MLC_DECIMALS").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    for case in 0..cases {
        let mut random = Random(case);
        match case % 4 {
            0 => sums(&mut random),
            1 => products(&mut random),
            2 => roundings(&mut random),
            _ => allocations(&mut random),
        }
    }
}
