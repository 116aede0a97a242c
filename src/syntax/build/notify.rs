//! The `notify` block and its rules.

use super::{Builder, Parts};
use crate::syntax::ast::{Notice, Notify, Setting};
use crate::syntax::grammar::{Node, Rule};

/// One entry of a `notify` block.
pub enum NotifyEntry {
    Setting(Setting),
    Rule(Notice),
}

impl Builder<'_> {
    pub fn notify(&mut self, node: Node) -> Notify {
        let span = self.span(&node);
        let mut lost = Vec::new();
        let entries = Parts::of(node).others(&[Rule::setting, Rule::notice, Rule::digest]);
        let entries = self.entries(entries, &mut lost, Self::notify_entry);
        let mut notify = Notify { settings: Vec::new(), rules: Vec::new(), lost, span };
        for entry in entries {
            notify.put(entry);
        }
        notify
    }

    pub fn notify_entry(&mut self, node: Node) -> Option<NotifyEntry> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::setting => self.setting(node).map(NotifyEntry::Setting),
            Rule::digest => {
                let at = self.time_of_day(&Parts::of(node).need(Rule::time_of_day))?;
                Some(NotifyEntry::Rule(Notice::Digest { at, span }))
            }
            _ => {
                let kinds = [Rule::parked_notice, Rule::silence_notice, Rule::budget_notice, Rule::failure_notice];
                let part = Parts::of(node).others(&kinds).pop().expect("a notice is of one of four kinds");
                self.notice(part, span).map(NotifyEntry::Rule)
            }
        }
    }

    fn notice(&mut self, part: Node, span: crate::diag::Span) -> Option<Notice> {
        match part.as_rule() {
            Rule::parked_notice => {
                let after = self.duration(&Parts::of(part).need(Rule::duration))?;
                Some(Notice::Parked { after, span })
            }
            Rule::budget_notice => {
                let above = self.percent(Parts::of(part).need(Rule::percent))?;
                Some(Notice::Budget { above, span })
            }
            Rule::silence_notice => Some(Notice::NothingRead { span }),
            _ => Some(Notice::FailedRun { span }),
        }
    }
}

impl Notify {
    /// Adds an entry.
    pub(in crate::syntax) fn put(&mut self, entry: NotifyEntry) {
        match entry {
            NotifyEntry::Setting(setting) => self.settings.push(setting),
            NotifyEntry::Rule(rule) => self.rules.push(rule),
        }
    }
}
