//! Many keys in few requests: which filters to send so that no record is missed.
//!
//! A range filter brings everything between two references, in the order of the other
//! side's collation, which is not known. So a range is only made of texts of the same
//! shape (digits, letters and marks at the same places): every sane collation orders
//! those alike. Others share a starts-with filter, or are asked one by one.

use super::browse::{filter, range};
use std::collections::{BTreeMap, BTreeSet};

/// A filter of fewer characters than this brings too much to be worth it.
const SHORTEST_PREFIX: usize = 4;

/// Texts that one filter brings, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask(Vec<String>);

/// What one question reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    One(&'a str),
    /// Both included.
    Range(&'a str, &'a str),
    Begins(&'a str),
    All,
}

/// Splits texts into asks of at most `most` texts each.
pub fn plan(texts: &BTreeSet<String>, most: usize) -> Vec<Ask> {
    let mut shapes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut single = Vec::new();
    for text in texts {
        match shape(text) {
            Some(shape) => shapes.entry(shape).or_default().push(text.clone()),
            None => single.push(Ask(vec![text.clone()])),
        }
    }
    let (several, alone): (Vec<_>, Vec<_>) = shapes.into_values().partition(|texts| texts.len() > 1);
    let mut lonely: Vec<String> = alone.into_iter().flatten().collect();
    lonely.sort();
    let chunks = several.iter().flat_map(|texts| texts.chunks(most.max(1)).map(|chunk| Ask(chunk.to_vec())));
    chunks.chain(by_prefix(lonely, most)).chain(single).collect()
}

/// Texts without a common shape, put together while they begin alike.
fn by_prefix(texts: Vec<String>, most: usize) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for text in texts {
        match asks.last_mut() {
            Some(Ask(texts)) if texts.len() < most && common(&texts[0], &text) >= SHORTEST_PREFIX => texts.push(text),
            _ => asks.push(Ask(vec![text])),
        }
    }
    asks
}

impl Ask {
    #[cfg(test)]
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// What brings all of the texts.
    pub fn reach(&self) -> Reach<'_> {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return Reach::All };
        if first == last && !first.contains(',') {
            return Reach::One(first);
        }
        if shape(first).is_some() && shape(first) == shape(last) {
            return Reach::Range(first, last);
        }
        let prefix = first.get(..common(first, last)).unwrap_or_default();
        let prefix = prefix.split(',').next().unwrap_or_default();
        if prefix.is_empty() { Reach::All } else { Reach::Begins(prefix) }
    }

    /// The filter on `column`; `None` when there is nothing that can be filtered by.
    pub fn filter(&self, column: &str) -> Option<String> {
        match self.reach() {
            Reach::One(text) => Some(filter(column, "eq", text)),
            Reach::Range(from, to) => Some(range(column, from, to)),
            Reach::Begins(prefix) => Some(filter(column, "sw", prefix)),
            Reach::All => None,
        }
    }

    /// Two asks of half the texts; `None` when it is one text already.
    pub fn halves(&self) -> Option<(Self, Self)> {
        let (front, back) = self.0.split_at(self.0.len() / 2);
        (!front.is_empty()).then(|| (Self(front.to_vec()), Self(back.to_vec())))
    }
}

/// Digits, capitals and small letters by their kind, every other sign as it is; `None` for
/// texts that must be asked for alone.
fn shape(text: &str) -> Option<String> {
    if !text.is_ascii() || text.contains(',') || text.trim() != text || text.is_empty() {
        return None;
    }
    let kind = |sign: char| match sign {
        '0'..='9' => '9',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        other => other,
    };
    Some(text.chars().map(kind).collect())
}

/// How many bytes two texts begin with alike, at a character's border.
fn common(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::plan;
    use std::collections::BTreeSet;

    fn filters(texts: &[&str], most: usize) -> Vec<Option<String>> {
        let texts: BTreeSet<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        plan(&texts, most).iter().map(|ask| ask.filter("ref")).collect()
    }

    fn some(filter: &str) -> Option<String> {
        Some(filter.to_owned())
    }

    #[test]
    fn texts_of_one_shape_share_a_range() {
        assert_eq!(
            filters(&["24-007-03", "24-001-11", "24-012-02"], 40),
            [some("ref,rg,24-001-11,literal,24-012-02,literal")]
        );
    }

    #[test]
    fn another_length_is_another_range() {
        let filters = filters(&["P-1", "P-2", "P-10", "P-11"], 40);
        assert_eq!(filters, [some("ref,rg,P-1,literal,P-2,literal"), some("ref,rg,P-10,literal,P-11,literal")]);
    }

    #[test]
    fn texts_without_a_common_shape_share_a_prefix() {
        assert_eq!(filters(&["24-007-a1c", "24-007-3df"], 40), [some("ref,sw,24-007-,literal")]);
    }

    #[test]
    fn what_cannot_be_ordered_safely_is_asked_alone() {
        assert_eq!(filters(&["Müller 7", "a,b"], 40), [some("ref,eq,Müller 7,literal"), some("ref,sw,a,literal")]);
        assert_eq!(filters(&[",b"], 40), [None]);
    }

    #[test]
    fn long_lists_are_cut() {
        let texts: Vec<String> = (100..200).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(filters(&texts, 40).len(), 3);
    }
}
