//! The fields of a credential as its owner gives them: typed one by one, or from standard
//! input as `field=value` lines or one JSON object.

use super::exit::Failure;
use crate::connector::CredentialSpec;
use crate::diag::nearest;
use crate::host;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

type Fields = Vec<(String, SecretString)>;

/// Asks for them at a terminal, else reads standard input.
pub fn read(specs: &[CredentialSpec], system: &str, name: &str) -> Result<Fields, Failure> {
    let given = if host::can_ask() { typed(specs, name)? } else { from_input(&host::read_input_secret()?)? };
    checked(specs, system, given)
}

fn typed(specs: &[CredentialSpec], name: &str) -> Result<Fields, Failure> {
    let ask = |spec: &CredentialSpec| {
        let unless = spec.unless.as_ref();
        let unless = match unless {
            _ if spec.optional => "; leave it empty where nothing needs it".to_owned(),
            unless => unless.map_or(String::new(), |is| format!("; leave it empty where {} = {}", is.setting, is.is)),
        };
        let question = format!("{name}: {} ({}{unless})", spec.name, spec.doc.trim_end_matches('.'));
        let value = host::ask(&question, !spec.shown).map_err(|error| {
            Failure::world(format!("`{}` cannot be asked for: {error}", spec.name), "give the fields on standard input")
        })?;
        Ok((spec.name.clone(), value))
    };
    specs.iter().map(ask).collect()
}

/// Nothing of the text is repeated in a failure.
fn from_input(text: &SecretString) -> Result<Fields, Failure> {
    let text = text.expose_secret();
    if text.trim_start().starts_with('{') {
        let object: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| malformed(&format!("is not JSON: line {}, column {}", error.line(), error.column())))?;
        let field = |(name, value): (String, Value)| match value {
            Value::String(value) => Ok((name, SecretString::from(value))),
            _ => Err(malformed(&format!("has a `{name}` that is not text"))),
        };
        return object.into_iter().map(field).collect();
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let (name, value) =
                line.split_once('=').ok_or_else(|| malformed(&format!("has no `=` in line {}", number + 1)))?;
            Ok((name.trim().to_owned(), SecretString::from(value)))
        })
        .collect()
}

fn malformed(what: &str) -> Failure {
    Failure::wrong(
        format!("what was given on standard input {what}"),
        "write one `field=value` a line, or one JSON object with a text for each field",
    )
}

/// Every field once, none that the connector does not know, all that it always needs.
fn checked(specs: &[CredentialSpec], system: &str, given: Fields) -> Result<Fields, Failure> {
    let names = || specs.iter().map(|spec| spec.name.as_str());
    let all = names().collect::<Vec<_>>().join(", ");
    let mut fields: Fields = Vec::new();
    for (name, value) in given {
        if !names().any(|known| known == name) {
            // A line that is no field may be part of a secret: only what resembles a field is repeated.
            let hint = nearest(&name, names())
                .map_or_else(|| format!("it has: {all}"), |near| format!("did you mean `{near}`?"));
            return Err(Failure::wrong(
                format!("a credential of {system} has no such field as one that was given"),
                hint,
            ));
        }
        if fields.iter().any(|(before, _)| *before == name) {
            return Err(Failure::wrong(format!("`{name}` was given twice"), "give each field once"));
        }
        if !value.expose_secret().trim().is_empty() {
            fields.push((name, value));
        }
    }
    let missing: Vec<&str> = specs
        .iter()
        .filter(|spec| spec.unless.is_none() && !spec.optional && !fields.iter().any(|(name, _)| *name == spec.name))
        .map(|spec| spec.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(fields);
    }
    let what = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    Err(Failure::wrong(
        format!("{what} is missing, and nothing was changed"),
        format!(
            "a credential of {system} has {all}; give them at the prompt, or as `field=value` lines on standard input"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::from_input;
    use secrecy::ExposeSecret as _;

    #[test]
    fn both_forms_keep_every_character() {
        let lines = from_input(&"client_id=id\n\nclient_secret= a=b\\\" ü \n".into()).expect("lines");
        assert_eq!(lines[1].1.expose_secret(), " a=b\\\" ü ");
        let json = from_input(&"{\"password\": \"two\\nlines\"}".into()).expect("JSON");
        assert_eq!(json[0].1.expose_secret(), "two\nlines");
    }

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for text in ["{\"password\": hush}", "{\"password\": 5551234}", "hush5551234"] {
            let failure = from_input(&text.into()).expect_err(text);
            assert!(!failure.message.contains("hush") && !failure.message.contains("555"), "{}", failure.message);
        }
    }
}
