//! How sure it is that two records are one: compared by party, reference, amount and day,
//! without a look at who has which key.

use super::{Ours, Side, Theirs};
use crate::connector::EvidenceSpec;
use serde::Serialize;
use std::collections::HashMap;

/// Two papers with one reference and one amount may bear days so far apart.
const SAME_PAPER_DAYS: u64 = 31;

/// Without the reference the day has to be nearer: the next month's bill has often the same amount.
const NEAR_DAYS: u64 = 5;

/// From sure to not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Party, reference and amount are the same, and no day speaks against it.
    Certain,
    /// Party and amount are the same, and the day or the end of the reference speaks for it.
    Likely,
    /// One of several that fit as well.
    Ambiguous,
    /// Party and reference are the same, the amount is another one.
    Unlike,
}

impl Grade {
    pub const ALL: [Self; 4] = [Self::Certain, Self::Likely, Self::Ambiguous, Self::Unlike];

    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Ambiguous => "ambiguous",
            Self::Unlike => "another amount",
        }
    }
}

/// Two records that may be one, by their places in the lists.
#[derive(Clone, Debug)]
pub struct Match {
    pub ours: usize,
    pub theirs: usize,
    pub grade: Grade,
    /// What is the same and what is not, in words.
    pub why: String,
}

/// All pairs for which anything speaks, each graded by itself.
pub(super) fn edges(evidence: &EvidenceSpec, ours: &[Ours], theirs: &[Theirs]) -> Vec<Match> {
    let mut by_party: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, their) in theirs.iter().enumerate() {
        by_party.entry(folded(&their.side.party)).or_default().push(place);
    }
    let mut edges = Vec::new();
    for (place, our) in ours.iter().enumerate() {
        for &other in by_party.get(&folded(&our.side.party)).into_iter().flatten() {
            let their = &theirs[other];
            // What was adopted before may be adopted anew, and nothing else by it.
            let reserved = our.again.is_some() || their.of.is_some();
            if reserved && (our.again.as_ref() != Some(&their.target_key) || their.of.as_ref() != Some(our.id())) {
                continue;
            }
            if let Some((grade, why)) = compared(evidence, &our.side, &their.side) {
                edges.push(Match { ours: place, theirs: other, grade, why });
            }
        }
    }
    edges
}

/// The pairs that are left when the surer ones have taken theirs. Where several fit as well,
/// none of them is taken.
pub(super) fn resolve(edges: impl Iterator<Item = Match>) -> Vec<Match> {
    let mut left: Vec<Match> = edges.collect();
    let mut resolved: Vec<Match> = Vec::new();
    for grade in [Grade::Certain, Grade::Likely, Grade::Unlike] {
        let (round, rest): (Vec<Match>, Vec<Match>) = left.into_iter().partition(|edge| edge.grade == grade);
        let (mut ours, mut theirs) = (HashMap::new(), HashMap::new());
        for edge in &round {
            *ours.entry(edge.ours).or_insert(0_usize) += 1;
            *theirs.entry(edge.theirs).or_insert(0_usize) += 1;
        }
        let alone = |edge: &Match| ours[&edge.ours] == 1 && theirs[&edge.theirs] == 1;
        let told = round.into_iter().map(|edge| {
            let tangled = grade != Grade::Unlike && !alone(&edge);
            if tangled { Match { grade: Grade::Ambiguous, ..edge } } else { edge }
        });
        resolved.extend(told);
        left = rest;
        let taken = |edge: &Match| resolved.iter().any(|done| done.ours == edge.ours || done.theirs == edge.theirs);
        left.retain(|edge| !taken(edge));
    }
    resolved.sort_by_key(|edge| (edge.grade, edge.ours, edge.theirs));
    resolved
}

fn compared(evidence: &EvidenceSpec, ours: &Side, theirs: &Side) -> Option<(Grade, String)> {
    let against = ours.also.iter().zip(&theirs.also).any(|(our, their)| match (our, their) {
        (Some(our), Some(their)) => folded(our) != folded(their),
        _ => false,
    });
    if against {
        return None;
    }
    let apart = ours.date.zip(theirs.date).map(|(our, their)| our.days_until(their).unsigned_abs());
    let (our, their) = (tokens(&ours.reference), tokens(&theirs.reference));
    let alike = !our.is_empty() && our == their;
    let ends_alike = !their.is_empty() && !our.is_empty() && (our.ends_with(&their) || their.ends_with(&our));
    let grade = if ours.amount != theirs.amount {
        alike.then_some(Grade::Unlike)?
    } else if alike && apart.is_none_or(|days| days <= SAME_PAPER_DAYS) {
        Grade::Certain
    } else if alike || ends_alike || apart.is_some_and(|days| days <= NEAR_DAYS) {
        Grade::Likely
    } else {
        return None;
    };
    Some((grade, told(evidence, ours, theirs, alike, apart)))
}

/// `the same supplier and amount, 3 days apart; its reference is `7`, not `24-011-7``.
fn told(evidence: &EvidenceSpec, ours: &Side, theirs: &Side, alike: bool, apart: Option<u64>) -> String {
    let mut same = vec![evidence.party.as_str()];
    let mut other = Vec::new();
    if alike {
        same.push(&evidence.reference);
    }
    if ours.reference != theirs.reference {
        let written = if alike { "written" } else { "is" };
        other.push(format!("its {} {written} `{}`, not `{}`", evidence.reference, theirs.reference, ours.reference));
    }
    if ours.amount == theirs.amount {
        same.push("amount");
    } else {
        other.push(format!("its amount is {}, not {}", theirs.amount.money(), ours.amount.money()));
    }
    match apart {
        Some(0) => same.push("day"),
        Some(1) => other.push("it is dated a day apart".to_owned()),
        Some(days) => other.push(format!("it is dated {days} days apart")),
        None => {}
    }
    let last = same.pop().unwrap_or_default();
    let same = if same.is_empty() { last.to_owned() } else { format!("{} and {last}", same.join(", ")) };
    std::iter::once(format!("the same {same}")).chain(other).collect::<Vec<_>>().join("; ")
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A reference without what people write as they like: case, blanks and dashes, and zeros in
/// front of numbers. `TC-0192` and `tc 192` are one, `1-12` and `11-2` are two.
fn tokens(reference: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for letter in reference.chars().flat_map(char::to_lowercase) {
        if !letter.is_alphanumeric() {
            before = None;
            continue;
        }
        let goes_on = before.is_some_and(|before| before.is_numeric() == letter.is_numeric());
        match tokens.last_mut().filter(|_| goes_on) {
            Some(token) => token.push(letter),
            None => tokens.push(letter.to_string()),
        }
        before = Some(letter);
    }
    for token in &mut tokens {
        let short = token.trim_start_matches('0');
        *token = if short.is_empty() { "0".to_owned() } else { short.to_owned() };
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{EvidenceSpec, Grade, Match, Side, compared, resolve, tokens};

    fn evidence() -> EvidenceSpec {
        serde_yaml::from_str("{party: payee, reference: number, date: day, also: [order]}").expect("evidence")
    }

    fn side(reference: &str, amount: i64, day: i8) -> Side {
        Side {
            party: "S1".to_owned(),
            reference: reference.to_owned(),
            amount: crate::value::Decimal::cents(amount),
            date: crate::value::Date::new(2026, 10, day),
            also: vec![None],
        }
    }

    fn grade(ours: &Side, theirs: &Side) -> Option<Grade> {
        compared(&evidence(), ours, theirs).map(|(grade, _)| grade)
    }

    #[test]
    fn references_are_alike_whoever_wrote_them() {
        assert_eq!(tokens("TC-0192"), tokens("tc 192"));
        assert_eq!(tokens("24-011-07"), tokens("24/011/7"));
        assert_ne!(tokens("1-12"), tokens("11-2"));
        assert_ne!(tokens("24-0110"), tokens("24-011"));
    }

    #[test]
    fn each_grade_has_its_evidence() {
        let ours = side("24-011-7", 90_000, 15);
        assert_eq!(grade(&ours, &side("24-011-07", 90_000, 30)), Some(Grade::Certain));
        assert_eq!(grade(&ours, &side("RE 4711", 90_000, 18)), Some(Grade::Likely), "by amount and day");
        assert_eq!(grade(&ours, &side("7", 90_000, 1)), Some(Grade::Likely), "its end is the same");
        assert_eq!(grade(&ours, &side("RE 4711", 90_000, 25)), None, "another month's bill");
        assert_eq!(grade(&ours, &side("24-011-7", 90_100, 15)), Some(Grade::Unlike));
        assert_eq!(grade(&ours, &side("8", 90_100, 15)), None);
        let order = |number: &str| Side { also: vec![Some(number.to_owned())], ..side("24-011-7", 90_000, 15) };
        assert_eq!(grade(&order("P1"), &order("P2")), None, "of another order");
        assert_eq!(grade(&order("P1"), &ours), Some(Grade::Certain));
    }

    #[test]
    fn what_differs_is_told() {
        let (_, why) = compared(&evidence(), &side("24-011-7", 90_000, 15), &side("7", 90_000, 18)).expect("likely");
        assert_eq!(why, "the same payee and amount; its number is `7`, not `24-011-7`; it is dated 3 days apart");
    }

    fn resolved(edges: &[(usize, usize, Grade)]) -> Vec<(usize, usize, Grade)> {
        let edges = edges.iter().map(|&(ours, theirs, grade)| Match { ours, theirs, grade, why: String::new() });
        resolve(edges).into_iter().map(|edge| (edge.ours, edge.theirs, edge.grade)).collect()
    }

    #[test]
    fn the_surer_pair_takes_both_and_several_that_fit_take_none() {
        use Grade::{Ambiguous, Certain, Likely};
        assert_eq!(resolved(&[(0, 0, Certain), (1, 0, Likely), (1, 1, Likely)]), [(0, 0, Certain), (1, 1, Likely)]);
        assert_eq!(resolved(&[(0, 0, Certain), (1, 0, Certain)]), [(0, 0, Ambiguous), (1, 0, Ambiguous)]);
        assert_eq!(resolved(&[(0, 0, Likely), (0, 1, Likely)]), [(0, 0, Ambiguous), (0, 1, Ambiguous)]);
    }
}
