//! One line of the result.

/// Its parts, before they are aligned.
#[derive(Debug, Default)]
pub struct Line<'t> {
    /// In steps of the layout.
    pub indent: usize,
    pub words: Vec<Word<'t>>,
    /// Without the white space before it.
    pub comment: Option<&'t str>,
    /// Spaces between the words and the comment.
    pub gap: usize,
    /// An empty line stands before it.
    pub blank: bool,
    /// Whether it begins an entry; others go on with one, close it, or hold only a comment.
    pub begins: bool,
}

#[derive(Debug)]
pub struct Word<'t> {
    pub text: &'t str,
    /// Spaces before it.
    pub spaces: usize,
}

/// Spaces of one step.
pub const STEP: usize = 2;

/// Spaces before a comment that ends a line.
pub const GAP: usize = 3;

impl Line<'_> {
    pub fn is_comment(&self) -> bool {
        self.words.is_empty()
    }

    /// Characters before the word at `end`, without the spaces before it.
    pub fn width(&self, end: usize) -> usize {
        let words = self.words.iter().take(end);
        self.indent * STEP + words.map(|word| word.spaces + word.text.chars().count()).sum::<usize>()
    }

    pub fn first(&self) -> &str {
        self.text(0)
    }

    pub fn text(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word.text)
    }

    pub fn last(&self) -> &str {
        self.words.last().map_or("", |word| word.text)
    }

    /// Whether a bracket stays open at its end.
    pub fn opens(&self) -> bool {
        matches!(self.last(), "{" | "(" | "[")
    }

    /// A query of a path may be written over several lines; such a line is aligned with no other.
    pub fn is_broken(&self) -> bool {
        self.words.iter().any(|word| word.text.contains('\n'))
    }

    pub fn render(&self) -> String {
        let mut text = String::new();
        if self.blank {
            text.push('\n');
        }
        text.push_str(&" ".repeat(self.indent * STEP));
        for word in &self.words {
            text.push_str(&" ".repeat(word.spaces));
            text.push_str(word.text);
        }
        if let Some(comment) = self.comment {
            text.push_str(&" ".repeat(self.gap));
            text.push_str(comment);
        }
        text.push('\n');
        text
    }
}
