//! Where a value stands in a JSON text, so that what is wrong with it can be shown there.
//!
//! Takes a text that is known to be JSON and a path; hands on bytes of the text. Where the
//! path leads to nothing, the place is the nearest thing around it.

use std::ops::Range;

/// The value at a path. A step is the names that a member may have, or the number of an item.
/// Of objects and lists only the opening bracket is shown.
pub fn json_place(text: &str, path: &[Vec<String>]) -> (usize, usize) {
    let mut scan = Scan { text: text.as_bytes(), at: 0 };
    scan.white();
    let mut found = scan.at;
    for names in path {
        match scan.step(names) {
            Some(at) => found = at,
            None => break,
        }
    }
    scan.at = found;
    let Range { start, end } = scan.value();
    let bracket = matches!(scan.text.get(start), Some(b'{' | b'['));
    let end = if bracket { start + 1 } else { end };
    (start.min(text.len()), end.min(text.len()))
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn here(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or_default()
    }

    fn white(&mut self) {
        while self.here().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    /// Moves to the member or item that is named, and says where its value begins.
    fn step(&mut self, names: &[String]) -> Option<usize> {
        let list = match self.here() {
            b'{' => false,
            b'[' => true,
            _ => return None,
        };
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.white();
            if matches!(self.here(), 0 | b'}' | b']') {
                return None;
            }
            let named = if list { index.to_string() } else { self.name() };
            self.white();
            if names.contains(&named) {
                return Some(self.at);
            }
            self.value();
            self.white();
            if self.here() == b',' {
                self.at += 1;
            }
            index += 1;
        }
    }

    /// The name of a member, up to its value.
    fn name(&mut self) -> String {
        let Range { start, end } = self.value();
        self.white();
        self.at += 1;
        let quoted = self.text.get(start + 1..end.saturating_sub(1)).unwrap_or_default();
        String::from_utf8_lossy(quoted).into_owned()
    }

    /// Moves over one value.
    fn value(&mut self) -> Range<usize> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.here() {
                0 => break,
                b'"' => self.text_value(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => break,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' if depth == 0 => break,
                sign if depth == 0 && sign.is_ascii_whitespace() => break,
                _ => {
                    self.at += 1;
                    if depth == 0 {
                        continue;
                    }
                }
            }
            if depth == 0 {
                break;
            }
        }
        start..self.at.max(start)
    }

    fn text_value(&mut self) {
        self.at += 1;
        while !matches!(self.here(), 0 | b'"') {
            self.at += if self.here() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::json_place;

    const TEXT: &str = r#" {"id": 7, "g702": {"due": "12,5"}, "items": [{"net": 1}, {"net" : -2.50, "a\"}": []}]}"#;

    fn at(path: &[&str]) -> &'static str {
        let path: Vec<Vec<String>> = path.iter().map(|step| step.split('|').map(str::to_owned).collect()).collect();
        let (start, end) = json_place(TEXT, &path);
        &TEXT[start..end]
    }

    #[test]
    fn values_are_found_by_their_path() {
        assert_eq!(at(&["id"]), "7");
        assert_eq!(at(&["summary|g702", "due"]), "\"12,5\"");
        assert_eq!(at(&["items", "1", "net"]), "-2.50");
        assert_eq!(at(&["items"]), "[");
    }

    #[test]
    fn what_is_not_there_is_shown_where_it_should_be() {
        assert_eq!(at(&["items", "1", "gross"]), "{");
        assert_eq!(at(&["nothing"]), "{");
        assert_eq!(at(&["id", "deeper"]), "7");
        assert_eq!(json_place("", &[]), (0, 0));
        assert_eq!(json_place("{\"a", &[vec!["b".to_owned()]]), (0, 1));
    }
}
