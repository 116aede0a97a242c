//! The templates, and the few words that they may use.
//!
//! Every name ends in `.html`, so that every text is escaped. What is not there is an error, not
//! an empty place: a page that lacks something does not look whole.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use std::sync::OnceLock;

/// Far more than the longest page takes.
const FUEL: u64 = 5_000_000;

const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("components.html", include_str!("templates/components.html")),
    ("sign-in.html", include_str!("templates/sign-in.html")),
    ("groups.html", include_str!("templates/groups.html")),
    ("today.html", include_str!("templates/today.html")),
    ("customer.html", include_str!("templates/customer.html")),
    ("work.html", include_str!("templates/work.html")),
    ("record.html", include_str!("templates/record.html")),
    ("again.html", include_str!("templates/again.html")),
    ("reconciliation.html", include_str!("templates/reconciliation.html")),
    ("audit.html", include_str!("templates/audit.html")),
    ("runs.html", include_str!("templates/runs.html")),
    ("one-run.html", include_str!("templates/one-run.html")),
    ("budget.html", include_str!("templates/budget.html")),
    ("refused.html", include_str!("templates/refused.html")),
];

pub fn render(name: &str, context: Value) -> Result<String, Error> {
    engine().get_template(name)?.render(context)
}

fn engine() -> &'static Environment<'static> {
    static ENGINE: OnceLock<Environment<'static>> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_fuel(Some(FUEL));
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            engine.set_syntax(syntax);
        }
        for (name, text) in TEMPLATES {
            // A template that does not parse is not found, and the tests render every one of them.
            let _ = engine.add_template(name, text);
        }
        engine
    })
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATES, engine};

    #[test]
    fn every_template_parses_and_escapes() {
        for (name, _) in TEMPLATES {
            assert!(name.ends_with(".html"), "{name}");
            engine().get_template(name).unwrap_or_else(|error| panic!("{error:#}"));
        }
    }

    #[test]
    fn no_template_holds_a_script_or_a_style_that_the_policy_would_refuse() {
        for (name, text) in TEMPLATES {
            for refused in ["<style", " style=", " onclick=", "<script>", "javascript:"] {
                assert!(!text.contains(refused), "{name} holds `{refused}`");
            }
        }
    }
}
