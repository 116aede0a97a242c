//! `normalize(text)`: a company's name as it compares: case, accents, punctuation and
//! legal forms aside.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "normalize",
    doc: "A company's name as it compares: small letters, without accents, punctuation, double spaces and legal forms (Inc, LLC, Ltd, Pty, Co, Corp).",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[
        ("normalize('Müller  & Sons, L.L.C.')", "muller and sons"),
        ("normalize('ACME Builders Pty. Ltd.')", "acme builders"),
        ("normalize('Company')", "company"),
    ],
};

/// Words that say what kind of company it is, when they end a name.
const LEGAL_FORMS: [&str; 14] = [
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "ltd",
    "limited",
    "pty",
    "co",
    "company",
    "corp",
    "corporation",
    "plc",
    "gmbh",
];

/// Letters and what they are without their accents.
const FOLDED: [(&str, &str); 22] = [
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
];

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    Ok(Type::text())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(normalize(signature::text_of(values, 0)).into())
}

fn normalize(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        fold(letter, &mut plain);
    }
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

fn fold(letter: char, plain: &mut String) {
    match letter {
        'a'..='z' | '0'..='9' => plain.push(letter),
        // `L.L.C.` is one word, and `O'Brien` too; so is a letter with its accent set apart.
        '.' | '\'' | '’' | '\u{300}'..='\u{36f}' => {}
        '&' => plain.push_str(" and "),
        _ => match FOLDED.iter().find(|(letters, _)| letters.contains(letter)) {
            Some((_, folded)) => plain.push_str(folded),
            None if letter.is_alphanumeric() => plain.push(letter),
            None => plain.push(' '),
        },
    }
}
