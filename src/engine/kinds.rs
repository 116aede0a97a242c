//! The kinds of reason that the engine itself gives. A pipeline's own sentences are
//! kinds of their own.

/// Announced, but certainly not sent: the run was stopped. Posted by the next one.
pub(super) const INTERRUPTED: &str = "not sent yet: the run was stopped";
/// Down, unreachable or too busy for all attempts. The only failure that a later run takes up by itself.
pub(super) const UNAVAILABLE: &str = "the other side could not take it at that time";
/// Sent, and it is not known whether it arrived.
pub(super) const UNKNOWN: &str = "sent, answer unknown";
/// Answered with success, but not to be seen there.
pub(super) const NOT_SHOWN: &str = "accepted, but not shown by the other side";
/// Answered with success, but cut or without a part of it, and not to be seen there.
pub(super) const ALTERED: &str = "accepted otherwise than it was sent, and not shown";
/// What stands there is not what was sent.
pub(super) const DIFFERS: &str = "stands there differently from what was sent";
/// Somebody else's record has the key.
pub(super) const ALREADY_THERE: &str = "already there, not posted by this pipeline";
/// Several records on the other side carry the key.
pub(super) const SEVERAL: &str = "there several times";
/// Posted, and not to be found any more.
pub(super) const VANISHED: &str = "posted, but no longer there";
/// The source changed after posting.
pub(super) const CHANGED: &str = "changed after it was posted";
/// What people had keyed was taken for it, and the source changed since.
pub(super) const ADOPTED_CHANGED: &str = "changed after what people keyed was taken for it";
/// It belongs to the time before this pipeline.
pub(super) const BEFORE_CUTOVER: &str = "dated before the cut-over";
/// Two source records map to one key.
pub(super) const TWIN: &str = "two records with one key";
/// What `settle` waits for is not there.
pub(super) const SETTLING: &str = "waits for";
/// The other side will take it later.
pub(super) const NOT_YET: &str = "not taken yet";
/// A person has to say yes.
pub(super) const APPROVAL: &str = "waits for approval";
/// A person said no.
pub(super) const REFUSED: &str = "refused by a person";
/// Found by `match`, differs, and is not to be changed.
pub(super) const MATCH_DIFFERS: &str = "matches a record that differs";
/// What it might match could not be read whole.
pub(super) const MATCH_HOLES: &str = "may match a record that cannot be read";
/// Two source records match one record.
pub(super) const MATCH_TAKEN: &str = "matches a record that belongs to another";
/// It matched nothing when the flow began, and does by now.
pub(super) const MATCH_CAME: &str = "matches a record that came up meanwhile";
/// A waiting record that the source shows no longer.
pub(super) const GONE: &str = "no longer shown by the source";
/// Posted, and its source shows it no longer.
pub(super) const DELETED: &str = "posted, but no longer shown by its source";
/// The source's answer is not as the catalogue describes it.
pub(super) const UNREADABLE: &str = "cannot be read";

/// A message with what differs from record to record taken out: words that hold a
/// digit, and whatever stands in quotes, become `…`. Messages with one trouble share it.
pub(super) fn shape(message: &str) -> String {
    let mut shaped = String::new();
    let mut quote = None;
    let mut word = String::new();
    for letter in message.chars().chain([' ']) {
        match quote {
            Some(end) if letter == end => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '`') => {
                push_word(&mut shaped, &mut word);
                shaped.push('…');
                quote = Some(letter);
            }
            None if letter.is_whitespace() => {
                push_word(&mut shaped, &mut word);
                shaped.push(' ');
            }
            None => word.push(letter),
        }
    }
    shaped.trim_end().chars().take(160).collect()
}

fn push_word(shaped: &mut String, word: &mut String) {
    if word.chars().any(|letter| letter.is_ascii_digit()) {
        let end = word.trim_end_matches([',', '.', ':', ';', ')']).len();
        shaped.push('…');
        shaped.push_str(&word[end..]);
    } else {
        shaped.push_str(word);
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn one_trouble_has_one_shape() {
        assert_eq!(shape("account 5310 is not active."), shape("account 5100 is not active."));
        assert_eq!(shape(r#"field "a b" of 2026-10-31: closed"#), "field … of …: closed");
        assert_ne!(shape("account is not active"), shape("period is closed"));
    }
}
