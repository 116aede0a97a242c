//! Laying the text out, as `mlc fmt` does.

use super::view::View;
use crate::syntax;
use lsp_types::TextEdit;

/// The part of the text that changes; nothing where the text cannot be read, since its
/// layout would be a guess.
pub fn formatting(view: &View) -> Option<Vec<TextEdit>> {
    let unreadable = view.analysis.diagnostics.iter().any(|found| found.is_error() && found.code.id < "E02");
    if unreadable {
        return None;
    }
    let text = &*view.document.text;
    let formatted = syntax::format(text, &view.analysis.file)?;
    let formatted =
        if text.contains("\r\n") { formatted.replace("\r\n", "\n").replace('\n', "\r\n") } else { formatted };
    Some(difference(text, &formatted).map(|(start, end, new)| edit(view, start, end, new)).into_iter().collect())
}

fn edit(view: &View, start: usize, end: usize, new: &str) -> TextEdit {
    TextEdit::new(view.document.range(start, end, view.encoding), new.to_owned())
}

/// The lines from the first that differs to the last, so that the cursor stays where it is.
fn difference<'n>(old: &str, new: &'n str) -> Option<(usize, usize, &'n str)> {
    if old == new {
        return None;
    }
    let same = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> usize {
        pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum()
    };
    let (olds, news) = (|| old.split_inclusive('\n'), || new.split_inclusive('\n'));
    let head = same(&mut olds().zip(news()));
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = same(&mut old_rest.split_inclusive('\n').rev().zip(new_rest.split_inclusive('\n').rev()));
    Some((head, old.len() - tail, &new[head..new.len() - tail]))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_what_differs_is_written() {
        assert_eq!(difference("a\nb\nc\n", "a\nb\nc\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), Some((2, 4, "x\ny\n")));
        assert_eq!(difference("a\na\n", "a\n"), Some((2, 4, "")));
        assert_eq!(difference("a", "a\n"), Some((0, 1, "a\n")));
        assert_eq!(difference("", "a\n"), Some((0, 0, "a\n")));
    }
}
