//! A reader of well-formed XML, as far as pictures need it: anything else is an error.

use std::collections::HashMap;

/// An element with its attributes, the text directly in it, and its children.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: HashMap<String, String>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// This element and all below it.
    pub fn all(&self) -> Vec<&Element> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Element::all));
        all
    }

    /// The text in this element and below it.
    pub fn whole_text(&self) -> String {
        self.all().iter().map(|element| element.text.as_str()).collect()
    }

    pub fn number(&self, attribute: &str) -> f64 {
        self.attributes[attribute].parse().unwrap()
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.attributes.get("class").is_some_and(|classes| classes.split(' ').any(|name| name == class))
    }
}

/// The root of a document.
pub fn read(mut text: &str) -> Element {
    let is_allowed = |c: char| matches!(c, '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_allowed), "a character that XML does not have");
    let mut open = vec![Element::default()];
    while let Some(start) = text.find('<') {
        open.last_mut().unwrap().text.push_str(&decode(&text[..start]));
        let end = start + text[start..].find('>').expect("a tag ends");
        let tag = &text[start + 1..end];
        text = &text[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let element = open.pop().unwrap();
            assert_eq!(element.name, name, "tags are nested");
            open.last_mut().expect("an open element").children.push(element);
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphabetic()) && !name.is_empty(), "no name: {tag}");
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        while !rest.trim().is_empty() {
            let (name, after) = rest.split_once("=\"").expect("an attribute in quotes");
            let (value, after) = after.split_once('"').expect("a closing quote");
            let before = element.attributes.insert(name.trim().to_owned(), decode(value));
            assert!(before.is_none(), "{name} is there twice");
            rest = after;
        }
        if is_empty {
            open.last_mut().unwrap().children.push(element);
        } else {
            open.push(element);
        }
    }
    assert!(text.trim().is_empty() && open.len() == 1, "elements are closed");
    let mut roots = open.pop().unwrap().children;
    assert_eq!(roots.len(), 1);
    roots.remove(0)
}

/// Text with its entities replaced.
pub fn decode(text: &str) -> String {
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an entity ends");
        decoded.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => panic!("no entity: {other}"),
        });
        decoded.push_str(rest);
    }
    decoded
}
