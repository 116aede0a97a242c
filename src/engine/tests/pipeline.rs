use crate::model::{self, Guard, OnChange, Retry};
use crate::program::{Flow, Program};
use crate::value::Span as Length;
use std::sync::Arc;
pub(super) fn program(rules: &str) -> Arc<Program> {
    let span = crate::diag::Span::default();
    let retry = rules.strip_prefix("retry ").map_or(Retry::default(), |r| Retry {
        times: r[..1].parse().unwrap(),
        first: Length::from_secs(1),
        longest: Length::from_secs(2),
    });
    let guard = match rules {
        "guard 3 records" => Guard { records: Some(3), rejected_percent: None },
        "guard 5 records" => Guard { records: Some(5), rejected_percent: None },
        "guard 5% rejected" => Guard { records: None, rejected_percent: Some("5".parse().unwrap()) },
        _ => Guard::default(),
    };
    let on_change = match rules {
        "on change ignore" => OnChange::Ignore,
        "on change update" => OnChange::Update,
        _ => OnChange::Hold,
    };
    Arc::new(Program {
        name: "t".into(),
        hash: "h".into(),
        lookups: vec![],
        flows: vec![Flow {
            name: "bills".into(),
            hash: "fh".into(),
            source: model::Source {
                connection: "office".into(),
                resource: "bills".into(),
                scope: Some(model::Scope {
                    name: "project".into(),
                    resource: "projects".into(),
                    field: "id".into(),
                    filter: None,
                    local: model::LocalId(1),
                }),
            },
            target: model::Target {
                connection: "books".into(),
                resource: "invoices".into(),
                key: vec![],
                on_change,
                retry,
                guard,
                span,
            },
        }],
    })
}
