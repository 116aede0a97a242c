//! The `pipeline` block: the name, the time zone, the currency, the cut-over.

use super::Checker;
use super::fixed::Fixed;
use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::{self as ast, ExprKind, Item, Setting};
use crate::value::{Date, Value, is_time_zone};
use std::sync::Arc;

const SETTINGS: &[&str] = &["timezone", "currency", "cutover"];

/// What the block says.
pub(super) struct Header {
    pub name: Arc<str>,
    pub timezone: Option<Arc<str>>,
    pub currency: Option<Arc<str>>,
    pub cutover: Option<Date>,
}

impl Checker<'_> {
    /// The block of the file; without one the file's name is the pipeline's.
    pub(super) fn pipeline(&mut self, file: &ast::File) -> Header {
        let mut blocks = file.items.iter().filter_map(|item| match item {
            Item::Pipeline(pipeline) => Some(pipeline),
            _ => None,
        });
        let Some(first) = blocks.next() else {
            return Header { name: self.file_stem(), timezone: None, currency: None, cutover: None };
        };
        for more in blocks {
            self.second_pipeline(more.name.span, first.name.span);
        }
        if first.name.text.trim().is_empty() {
            self.setting_value(first.name.span, "a pipeline needs a name", "empty", "write a name between the quotes");
        }
        let mut header = Header { name: first.name.text.clone(), timezone: None, currency: None, cutover: None };
        for setting in self.once(&first.settings) {
            match &*setting.name.text {
                "timezone" => header.timezone = self.timezone(setting),
                "currency" => header.currency = self.currency(setting),
                "cutover" => header.cutover = self.cutover(setting),
                _ => self.unknown_setting(&setting.name, SETTINGS, "a pipeline"),
            }
        }
        header
    }

    fn file_stem(&self) -> Arc<str> {
        let stem = self.sources.get(SourceId(0)).and_then(|source| source.path.file_stem());
        stem.map_or_else(|| Arc::from("pipeline"), |stem| Arc::from(&*stem.to_string_lossy()))
    }

    fn second_pipeline(&mut self, place: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::PIPELINE_TWICE, place, "a file holds one pipeline, here is a second one")
                .label("second one")
                .related(first, "first one")
                .hint("put the settings into one block; a second pipeline needs its own file"),
        );
    }

    fn timezone(&mut self, setting: &Setting) -> Option<Arc<str>> {
        let text = self.setting_text(setting)?;
        if !is_time_zone(&text) {
            self.setting_value(
                setting.value.span,
                "this is not a time zone of the IANA list",
                "not known",
                "write a name such as `America/Chicago` or `Europe/London`",
            );
        }
        Some(text)
    }

    fn currency(&mut self, setting: &Setting) -> Option<Arc<str>> {
        let text = self.setting_text(setting)?;
        if !(text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())) {
            let upper = text.to_ascii_uppercase();
            let hint = if upper.len() == 3 && upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
                format!("write `\"{upper}\"`")
            } else {
                "write the ISO 4217 code, for example `\"USD\"`".to_owned()
            };
            self.setting_value(setting.value.span, "a currency is three capital letters", "not a currency", &hint);
        }
        Some(text)
    }

    fn cutover(&mut self, setting: &Setting) -> Option<Date> {
        match self.fixed(&setting.value) {
            Fixed::Value(Value::Date(day)) => return Some(day),
            Fixed::Wrong => return None,
            Fixed::Value(_) | Fixed::Not => {}
        }
        self.setting_value(
            setting.value.span,
            "`cutover` is a day",
            "not a day",
            "write the first day whose records are posted, without quotes: `cutover = 2026-10-01`",
        );
        None
    }

    /// The text of a setting; says so if it is none.
    pub(super) fn setting_text(&mut self, setting: &Setting) -> Option<Arc<str>> {
        let known = match self.fixed(&setting.value) {
            Fixed::Value(Value::Text(text)) => return Some(text),
            Fixed::Wrong => return None,
            Fixed::Value(_) => true,
            Fixed::Not => false,
        };
        let text = self.text(setting.value.span);
        let hint = match &setting.value.kind {
            ExprKind::Path(_) if known => {
                format!("make the variable a text: `{text} = \"…\"`")
            }
            _ if known => format!("put it in quotes: `{} = \"{text}\"`", setting.name.text),
            _ => format!("write a text in quotes: `{} = \"…\"`", setting.name.text),
        };
        self.setting_value(setting.value.span, &format!("`{}` is a text", setting.name.text), "not a text", &hint);
        None
    }
}
