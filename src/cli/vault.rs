//! `mlc vault`: credentials kept encrypted, so that no environment and no file holds them
//! in the clear. Secrets come in by a prompt or standard input and never go out.

use super::arguments::{
    Format, Printing, Vault as Arguments, VaultCommand, VaultKey, VaultName, VaultRotate, VaultSet,
};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::screen::{BOLD, GOOD, WAITING, count, say, say_json};
use super::vault_fields;
use crate::connector::CredentialSpec;
use crate::connectors::drivers;
use crate::diag::nearest;
use crate::host::{self, VaultFile};
use crate::model::{ALERTS, ALERTS_URL};
use crate::vault::{Cost, Entry, Keep, Vault};
use serde_json::json;
use std::path::Path;

pub fn run(arguments: &Arguments) -> Outcome {
    if let VaultCommand::Key(wanted) = &arguments.command {
        return key(wanted);
    }
    let file = VaultFile::find(arguments.vault.as_deref())?;
    let key_file = arguments.key_file.as_deref();
    match &arguments.command {
        VaultCommand::Set(wanted) => set(&file, key_file, wanted),
        VaultCommand::List(printing) => list(&file, key_file, printing),
        VaultCommand::Remove(name) => remove(&file, key_file, name),
        VaultCommand::Rotate(wanted) => rotate(&file, key_file, wanted),
        VaultCommand::Accept => accept(&file, key_file),
        VaultCommand::Key(wanted) => key(wanted),
    }
}

fn set(file: &VaultFile, key_file: Option<&Path>, wanted: &VaultSet) -> Outcome {
    let name = wanted.name.name.as_str();
    let changing = file.change()?;
    let new = !file.is_there();
    let mut vault = if new { file.begin(key_file)? } else { file.open(key_file)? };
    let system = system(wanted, vault.entry(name))?;
    let fields = vault_fields::read(&fields_of(system), system, name)?;
    let at = host::world().clock.now();
    vault.set(&Keep { name, system, fields: &fields, at }, &host::random)?;
    file.write(&mut vault, 0, &changing)?;
    let begun = if new { "a new vault, " } else { "" };
    let fields: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let used = match system {
        ALERTS => format!("notify {{ webhook = vault(\"{name}\") }}"),
        system => format!("connect {system} {{ credentials = vault(\"{name}\") }}"),
    };
    say(&format!(
        "{GOOD}kept{GOOD:#} {name} ({}) in {begun}{}\n\nA pipeline reads it with\n  {used}\n",
        fields.join(", "),
        file.path().display(),
    ))?;
    Ok(Exit::Well)
}

/// What a credential holds: the connector's fields, or the address that alerts are posted to.
fn fields_of(system: &str) -> Vec<CredentialSpec> {
    match drivers().iter().find(|driver| driver.name == system) {
        Some(driver) => (driver.catalogue)().credentials.clone(),
        None => vec![CredentialSpec {
            optional: false,
            name: ALERTS_URL.to_owned(),
            unless: None,
            shown: false,
            doc: "the https address that messages are posted to".to_owned(),
        }],
    }
}

/// What the credential is for, a connector or alerts: as told, as before, or as its name ends.
fn system(wanted: &VaultSet, before: Option<&Entry>) -> Result<&'static str, Failure> {
    let names = || drivers().iter().map(|driver| driver.name).chain([ALERTS]);
    let find = |name: &str| names().find(|known| *known == name);
    if let Some(system) = &wanted.system {
        return find(system).ok_or_else(|| {
            let hint = nearest(system, names()).map_or_else(
                || format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean --for {near}?"),
            );
            Failure::wrong(format!("there is no connector `{system}`"), hint)
        });
    }
    let last = wanted.name.name.rsplit('/').next().unwrap_or_default();
    before.and_then(|entry| find(&entry.system)).or_else(|| find(last)).ok_or_else(|| {
        Failure::wrong(
            format!("it is not clear which connector `{}` is a credential for", wanted.name.name),
            format!("add --for CONNECTOR; there are: {}", names().collect::<Vec<_>>().join(", ")),
        )
    })
}

fn list(file: &VaultFile, key_file: Option<&Path>, printing: &Printing) -> Outcome {
    let vault = file.open(key_file)?;
    if printing.format == Format::Json {
        let entries = vault
            .entries()
            .iter()
            .map(|entry| json!({"name": entry.name, "for": entry.system, "fields": entry.fields, "set": entry.set}));
        say_json(&entries.collect::<Vec<_>>())?;
    } else {
        say(&listed(file, &vault))?;
    }
    Ok(Exit::Well)
}

fn listed(file: &VaultFile, vault: &Vault) -> String {
    if vault.entries().is_empty() {
        return format!("nothing is kept in {}; `mlc vault set NAME` keeps a credential\n", file.path().display());
    }
    let mut grid = Grid::new(&["Name", "For", "Fields", "Set"]);
    for entry in vault.entries() {
        grid.row([
            entry.name.clone(),
            entry.system.clone(),
            entry.fields.join(", "),
            entry.set.whole_seconds().to_string(),
        ]);
    }
    let kept = count(vault.entries().len() as u64, "credential", "credentials");
    format!(
        "{BOLD}{}{BOLD:#}\n\n{}\n{kept}; change number {}\n",
        file.path().display(),
        grid.render(),
        vault.seen().generation
    )
}

fn remove(file: &VaultFile, key_file: Option<&Path>, wanted: &VaultName) -> Outcome {
    let changing = file.change()?;
    let mut vault = file.open(key_file)?;
    vault.remove(&wanted.name)?;
    file.write(&mut vault, 0, &changing)?;
    say(&format!(
        "{GOOD}removed{GOOD:#} {}; withdraw it at the other side too: earlier copies of the vault still hold it\n",
        wanted.name
    ))?;
    Ok(Exit::Well)
}

fn rotate(file: &VaultFile, key_file: Option<&Path>, wanted: &VaultRotate) -> Outcome {
    let changing = file.change()?;
    let mut vault = file.open(key_file)?;
    let key = VaultFile::next_key(wanted.new_key_file.as_deref())?;
    vault.rotate(&key, Cost::default(), &host::random)?;
    file.write(&mut vault, 0, &changing)?;
    say(&format!(
        "{GOOD}locked anew{GOOD:#} by {}: {} in {}\nEarlier copies of the file still open with the earlier one: if that was \
         betrayed, change the secrets at the other side too.\n",
        key.kind(),
        count(vault.entries().len() as u64, "credential", "credentials"),
        file.path().display()
    ))?;
    Ok(Exit::Well)
}

fn accept(file: &VaultFile, key_file: Option<&Path>) -> Outcome {
    let changing = file.change()?;
    let (mut vault, seen) = file.open_older(key_file)?;
    file.write(&mut vault, seen, &changing)?;
    say(&format!(
        "{WAITING}taken as the newest{WAITING:#}: {} as it is, with {}\nWhat was set or removed later is to be set or removed again: \
         `mlc vault list` shows what is kept.\n",
        file.path().display(),
        count(vault.entries().len() as u64, "credential", "credentials"),
    ))?;
    Ok(Exit::Well)
}

fn key(wanted: &VaultKey) -> Outcome {
    host::write_new_key(&wanted.file)?;
    say(&format!(
        "{GOOD}wrote{GOOD:#} a new key to {0}; keep a copy where the vault's copies are not\n\nUse it with\n  export MLC_VAULT_KEY_FILE={0}\n",
        wanted.file.display()
    ))?;
    Ok(Exit::Well)
}
