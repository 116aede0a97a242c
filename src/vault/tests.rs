//! Every fault of a vault has its own error, and no secret stands in the file.

use super::{Cost, Keep, Key, Seen, Vault, VaultError, VaultErrorKind as Kind};
use crate::value::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// Cheap, so that tests are quick.
const CHEAP: Cost = Cost { memory_kib: 32, passes: 1, lanes: 1 };

fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
    static DRAWN: AtomicU8 = AtomicU8::new(1);
    bytes.iter_mut().for_each(|byte| *byte = DRAWN.fetch_add(1, Ordering::Relaxed));
    Ok(())
}

fn place() -> &'static Path {
    Path::new("a/vault")
}

fn passphrase(text: &str) -> Key {
    Key::Passphrase(text.into())
}

fn right() -> Key {
    passphrase("correct horse battery")
}

fn keep(vault: &mut Vault, name: &str, secret: &str) {
    let fields = [("username".to_owned(), SecretString::from("mfg")), ("password".to_owned(), secret.into())];
    let keep = Keep { name, system: "office", fields: &fields, at: Timestamp::from_unix(1_790_000_000) };
    vault.set(&keep, &random).expect("kept");
}

fn made() -> (Vault, String) {
    let mut vault = Vault::new(place(), &right(), CHEAP, &random).expect("new");
    keep(&mut vault, "acme/one", "hush-one");
    keep(&mut vault, "acme/two", "hush-two");
    let text = vault.write(0, &random).expect("written");
    (vault, text)
}

fn opened(text: &str) -> Result<Vault, VaultError> {
    Vault::open(text.as_bytes(), &right(), place())
}

fn fault(text: &str) -> VaultError {
    opened(text).expect_err("a fault")
}

fn password(vault: &Vault, name: &str) -> String {
    let credential = vault.credential(name, "office", &["password"]).expect("kept");
    assert_eq!(credential.fields.len(), 1, "only what is asked for");
    credential.get("password").expect("a field").expose_secret().to_owned()
}

/// The lines, with the last one made true again: what an enemy would do.
fn resealed(lines: &[&str]) -> String {
    let above: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{above}end {}\n", super::seal::digest(above.as_bytes()))
}

fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.pop();
    lines
}

#[test]
fn what_is_kept_comes_back_and_stands_nowhere_in_the_file() {
    let (_, text) = made();
    let vault = opened(&text).expect("opens");
    assert_eq!(password(&vault, "acme/two"), "hush-two");
    assert_eq!(vault.seen().generation, 1);
    for needle in ["hush", "mfg", "correct", "aHVzaC"] {
        assert!(!text.contains(needle), "{needle} in {text}");
    }
    assert!(!format!("{vault:?} {:?} {:?}", right(), vault.entries()).contains("hush"));
    let odd = "\u{0}\n\"\\ ü + &%= ".repeat(40);
    let mut vault = vault;
    keep(&mut vault, "acme/odd", &odd);
    let text = vault.write(0, &random).expect("written");
    assert_eq!(password(&opened(&text).expect("opens"), "acme/odd"), odd);
}

#[test]
fn a_wrong_passphrase_is_told_from_damage_and_from_the_wrong_kind_of_key() {
    let (_, text) = made();
    let open = |key: &Key| Vault::open(text.as_bytes(), key, place()).expect_err("refused");
    let wrong = open(&passphrase("correct horse batterx"));
    assert_eq!(wrong.kind, Kind::WrongKey);
    assert_eq!(wrong.message, "the passphrase does not open the vault a/vault");
    let key = Key::from_text(&"07".repeat(32)).expect("a key");
    assert_eq!(open(&key).kind, Kind::NoKey);
    let header = lines(&text)[1].to_owned();
    let at = text.find("\"sealed\":\"").expect("the wrapped key") + 12;
    let mut flipped = text.clone();
    flipped.replace_range(at..=at, if &text[at..=at] == "A" { "B" } else { "A" });
    assert_ne!(lines(&flipped)[1], header);
    assert_eq!(fault(&flipped).kind, Kind::Damaged);
    let mut by_key = Vault::new(place(), &key, CHEAP, &random).expect("new");
    let text = by_key.write(0, &random).expect("written");
    let open = |key: &Key| Vault::open(text.as_bytes(), key, place());
    assert!(open(&key).is_ok());
    assert_eq!(open(&Key::from_text(&"08".repeat(32)).expect("a key")).expect_err("other").kind, Kind::WrongKey);
    assert_eq!(open(&right()).expect_err("other kind").kind, Kind::NoKey);
}

#[test]
fn a_file_cut_anywhere_says_that_it_was_cut() {
    let (_, text) = made();
    for length in 0..text.len() {
        let error = fault(&text[..length]);
        assert_eq!(error.kind, Kind::Cut, "{length}: {error}");
    }
}

#[test]
fn a_changed_byte_anywhere_is_a_fault_and_never_a_secret() {
    let (_, text) = made();
    let mut kinds = BTreeSet::new();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let error = Vault::open(&bytes, &right(), place()).expect_err("a changed byte");
        kinds.insert(format!("{:?}", error.kind));
    }
    assert!(!kinds.contains("WrongKey") && kinds.contains("Damaged"), "{kinds:?}");
}

#[test]
fn swapped_entries_are_named() {
    let (_, text) = made();
    let all = lines(&text);
    let names =
        |line: &str, from: &str, to: &str| line.replace(&format!("\"name\":\"{from}\""), &format!("\"name\":\"{to}\""));
    let (one, two) = (names(all[3], "acme/two", "acme/one"), names(all[2], "acme/one", "acme/two"));
    for swapped in [
        resealed(&[all[0], all[1], &one, &two, all[4]]),
        resealed(&[all[0], all[1], &one, all[3], all[4]]),
        resealed(&[all[0], all[1], all[3], all[2], all[4]]),
        text.replace("acme/one", "acme/xxx").replace("acme/two", "acme/one").replace("acme/xxx", "acme/two"),
    ] {
        let error = fault(&swapped);
        assert_eq!(error.kind, Kind::Swapped, "{error}");
        assert!(error.message.contains("entries were swapped"), "{error}");
    }
}

#[test]
fn entries_that_are_taken_out_put_in_or_put_back_are_named() {
    let (mut vault, text) = made();
    let all = lines(&text);
    let error = fault(&resealed(&[all[0], all[1], all[2], all[4]]));
    assert_eq!((error.kind, error.message.contains("`acme/two` was taken out")), (Kind::Missing, true), "{error}");
    let copied = all[2].replace("\"acme/one\"", "\"acme/new\"");
    let secrets_of_another = fault(&resealed(&[all[0], all[1], all[2], all[3], &copied, all[4]]));
    assert_eq!(secrets_of_another.kind, Kind::Swapped, "{secrets_of_another}");
    keep(&mut vault, "acme/two", "hush-new");
    let later = vault.write(0, &random).expect("written");
    let new = lines(&later);
    let error = fault(&resealed(&[new[0], new[1], new[2], all[3], new[4]]));
    assert_eq!((error.kind, error.message.contains("`acme/two` was changed")), (Kind::Edited, true), "{error}");
    // The header or the seal of another generation.
    for mixed in [[all[0], all[1], new[2], new[3], new[4]], [new[0], new[1], new[2], new[3], all[4]]] {
        assert_eq!(fault(&resealed(&mixed)).kind, Kind::Edited);
    }
}

#[test]
fn an_old_copy_put_back_is_named_and_so_is_one_that_went_its_own_way() {
    let (mut vault, old) = made();
    keep(&mut vault, "acme/two", "hush-new");
    let new = vault.write(0, &random).expect("written");
    let seen = opened(&new).expect("opens").seen();
    assert!(seen.judge(&opened(&new).expect("opens").seen(), place()).is_ok());
    let old = opened(&old).expect("every byte of it is genuine");
    let error = seen.judge(&old.seen(), place()).expect_err("old");
    assert_eq!(error.kind, Kind::OldCopy);
    assert!(error.message.contains("is an old copy: one change later"), "{error}");
    let mut other = old;
    keep(&mut other, "acme/two", "hush-other");
    let other = opened(&other.write(0, &random).expect("written")).expect("opens");
    assert_eq!(seen.judge(&other.seen(), place()).expect_err("other").kind, Kind::OtherCopy);
    let later = Seen { generation: seen.generation + 1, digest: String::new() };
    assert!(seen.judge(&later, place()).is_ok());
}

#[test]
fn a_new_lock_opens_and_the_old_one_does_not() {
    let (_, text) = made();
    let mut vault = opened(&text).expect("opens");
    let key = Key::from_text(&"5a".repeat(32)).expect("a key");
    vault.rotate(&key, CHEAP, &random).expect("locked anew");
    let rotated = vault.write(0, &random).expect("written");
    let open = |key: &Key| Vault::open(rotated.as_bytes(), key, place());
    assert_eq!(password(&open(&key).expect("opens"), "acme/one"), "hush-one");
    assert!(open(&right()).is_err());
    let sealed = |text: &str| lines(text)[2].split("\"nonce\"").nth(1).map(str::to_owned);
    assert_ne!(sealed(&text), sealed(&rotated), "sealed anew, under a new data key");
}

#[test]
fn what_is_not_there_says_the_line_to_type() {
    let (mut vault, _) = made();
    let error = vault.credential("acme/tow", "office", &["password"]).expect_err("not there");
    assert_eq!(error.kind, Kind::NoEntry);
    assert_eq!(error.hint, "did you mean `acme/two`? Else type `mlc vault set acme/tow --for office`");
    let error = vault.credential("acme/two", "office", &["password", "client_id"]).expect_err("no field");
    assert!(error.message.contains("has no `client_id`"), "{error}");
    assert_eq!(vault.remove("acme/three").expect_err("not there").kind, Kind::NoEntry);
    vault.remove("acme/two").expect("removed");
    assert!(vault.entry("acme/two").is_none());
}

#[test]
fn weak_passphrases_bad_names_and_files_of_others_are_refused() {
    let unfit = |result: Result<Vault, VaultError>| result.expect_err("unfit").kind;
    assert_eq!(unfit(Vault::new(place(), &passphrase("short"), CHEAP, &random)), Kind::Unfit);
    let (mut vault, text) = made();
    for name in ["", "a b", "a//b", "/a", "a/", "-a", "ü", "a\nb"] {
        let keep = Keep { name, system: "office", fields: &[], at: Timestamp::from_unix(0) };
        assert_eq!(vault.set(&keep, &random).expect_err(name).kind, Kind::Unfit);
    }
    assert_eq!(fault("{\"a\": 1}\n").kind, Kind::NotAVault);
    assert_eq!(fault(&text.replace("mlc-vault 1", "mlc-vault 2")).kind, Kind::LaterFormat);
    let greedy = text.replace("\"memory_kib\":32", "\"memory_kib\":4000000000");
    assert_eq!(fault(&greedy).kind, Kind::Damaged);
}
