//! XML as a small tree, read and written within bounds.
//!
//! Takes bytes of the other side and hands on elements by their local names; prefixes
//! differ from site to site and count for nothing. There is no document type, no entity
//! beyond the five of XML itself, and an end to size and depth, so that no answer can
//! make the reader work without end.

use quick_xml::NsReader;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesRef, BytesStart, BytesText, Event};
use quick_xml::name::ResolveResult;

/// No message is longer.
const MOST_BYTES: usize = 32 << 20;
/// No element stands deeper.
const DEEPEST: usize = 48;
/// No message has more elements.
const MOST_ELEMENTS: usize = 2_000_000;

/// One element. What is read has a local name and a namespace; what is to be written has a
/// name with its prefix, and declares its namespaces as attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    /// The namespace that the name is bound to; empty where there is none.
    pub space: String,
    pub attributes: Vec<(String, String)>,
    /// Text between the tags; of an element that holds others, nothing.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An element that holds a text.
    pub fn leaf(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::new(name) }
    }

    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn with(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    #[must_use]
    pub fn with_all(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// The first child of this local name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this local name, without the blanks around it.
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// Every element of this local name, at any depth, in the order in which they stand.
    pub fn all<'a>(&'a self, name: &str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        self.gather(name, &mut found);
        found
    }

    fn gather<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.gather(name, found);
        }
    }
}

/// Whether XML can carry the text at all: it has no way to write most control signs.
pub fn can_carry(text: &str) -> bool {
    text.chars().all(|sign| matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
}

/// The bytes of a document with this root.
pub fn write(root: &Element) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| write_element(&mut writer, root));
    written.expect("writing to memory cannot fail");
    writer.into_inner()
}

fn write_element(writer: &mut Writer<Vec<u8>>, element: &Element) -> std::io::Result<()> {
    let mut start = BytesStart::new(element.name.as_str());
    for (name, value) in &element.attributes {
        start.push_attribute((name.as_str(), value.as_str()));
    }
    if element.text.is_empty() && element.children.is_empty() {
        return writer.write_event(Event::Empty(start));
    }
    writer.write_event(Event::Start(start))?;
    if !element.text.is_empty() {
        // A bare carriage return would come back as a line feed.
        let text = quick_xml::escape::escape(element.text.as_str()).replace('\r', "&#13;");
        writer.write_event(Event::Text(BytesText::from_escaped(text)))?;
    }
    for child in &element.children {
        write_element(writer, child)?;
    }
    writer.write_event(Event::End(BytesEnd::new(element.name.as_str())))
}

/// The root of a document. The error is half a sentence: `QAD's answer is …`.
pub fn read(bytes: &[u8]) -> Result<Element, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("longer than {} MiB", MOST_BYTES >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not text in UTF-8".to_owned())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|error| format!("not XML: {error}"))?;
        match event {
            Event::Start(start) => {
                count += 1;
                if count > MOST_ELEMENTS || open.len() >= DEEPEST {
                    return Err("XML of a size or depth that no answer has".to_owned());
                }
                if root.is_some() && open.is_empty() {
                    return Err("XML with more than one root".to_owned());
                }
                open.push(begun(&reader, &start));
            }
            Event::Empty(start) => {
                count += 1;
                if count > MOST_ELEMENTS {
                    return Err("XML of a size or depth that no answer has".to_owned());
                }
                let element = begun(&reader, &start);
                close(element, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or("XML with an end that nothing began")?;
                close(element, &mut open, &mut root)?;
            }
            Event::Text(part) => add(&mut open, part.as_ref()),
            Event::CData(part) => add(&mut open, part.as_ref()),
            Event::GeneralRef(reference) => add(&mut open, &sign(&reference)?),
            Event::DocType(_) => return Err("XML with a document type, which no answer has".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err("XML that breaks off".to_owned()),
    }
}

fn begun(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Element {
    let (space, name) = reader.resolver().resolve_element(start.name());
    let space = match space {
        ResolveResult::Bound(space) => space.0.to_owned(),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
    };
    Element { space, ..Element::new(name.into_inner()) }
}

fn close(mut element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    if !element.children.is_empty() {
        element.text.clear();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err("XML with more than one root".to_owned()),
    }
    Ok(())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// What `&amp;` and `&#65;` stand for. There are no other entities.
fn sign(reference: &BytesRef<'_>) -> Result<String, String> {
    match reference.resolve_char_ref() {
        Ok(Some(sign)) => Ok(sign.to_string()),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| "XML with an entity of its own".to_owned()),
        Err(_) => Err("XML with a sign that there is not".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, can_carry, read, write};

    #[test]
    fn what_is_written_is_read_back() {
        let nasty = "a < b && \"c\" 'd' > é \r\n ]]> \t";
        let root = Element::new("p:r").attribute("xmlns:p", "urn:x").with(Element::leaf("p:t", nasty));
        let back = read(&write(&root)).expect("XML");
        assert_eq!((back.name.as_str(), back.space.as_str()), ("r", "urn:x"));
        assert_eq!(back.children[0].text, nasty);
    }

    #[test]
    fn names_count_without_their_prefix() {
        let root =
            read(br#"<a xmlns="urn:1" xmlns:q="urn:2"><q:b>1</q:b><b> 2 </b><c><b>&#51;</b></c></a>"#).expect("XML");
        assert_eq!(root.all("b").iter().map(|b| b.text.trim()).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!((root.children[0].space.as_str(), root.children[1].space.as_str()), ("urn:2", "urn:1"));
    }

    #[test]
    fn what_could_do_harm_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(60), "</a>".repeat(60));
        for (text, says) in [
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "document type"),
            ("<a>&x;</a>", "entity of its own"),
            (deep.as_str(), "depth"),
            ("<a><b></a>", "not XML"),
            ("<a><b>", "breaks off"),
            ("<a/><b/>", "more than one root"),
            ("", "breaks off"),
        ] {
            let error = read(text.as_bytes()).expect_err(text);
            assert!(error.contains(says), "{error} does not say {says}");
        }
        assert!(read(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn control_signs_cannot_travel() {
        assert!(can_carry("Léon\t#7 €\u{1F600}"));
        assert!(!can_carry("a\u{b}b") && !can_carry("\u{0}"));
    }
}
