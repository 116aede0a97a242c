//! What the grammar's rules are called in plain words.

use super::grammar::Rule;

/// A phrase for what would have fitted, best first: `` `as` ``, `a value or a name`.
pub fn in_words(expected: &[Rule]) -> String {
    let mut phrases: Vec<&str> = Vec::new();
    let mut ranked: Vec<_> = expected.iter().filter_map(|rule| phrase(*rule)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    // What merely may go on is not worth a word beside what must come.
    let must = ranked.iter().any(|(rank, _)| *rank < MAY);
    for (_, phrase) in ranked.into_iter().filter(|(rank, _)| !must || *rank < MAY) {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    match phrases.split_last() {
        None => "something else".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Whether a value would have fitted.
pub fn wants_value(expected: &[Rule]) -> bool {
    expected.contains(&Rule::expr) || (expected.contains(&Rule::number) && expected.contains(&Rule::open_list))
}

/// Whether an expression stands before the place and could have gone on.
pub fn after_value(expected: &[Rule]) -> bool {
    expected.contains(&Rule::equal) || expected.contains(&Rule::bar)
}

/// From this rank on a part may come but need not.
const MAY: u8 = 5;

fn phrase(rule: Rule) -> Option<(u8, &'static str)> {
    Some(match rule {
        Rule::assign => (0, "`=`"),
        Rule::arrow => (0, "`->`"),
        Rule::becomes => (0, "`=>`"),
        Rule::dot => (MAY, "`.`"),
        Rule::expr => (1, "a value"),
        Rule::text => (1, "a text in quotes"),
        Rule::pattern => (1, "a pattern (a text in quotes, or `_`)"),
        Rule::resource | Rule::resource_field => (1, "`connection.resource`"),
        Rule::names => (1, "names in round brackets"),
        Rule::otherwise => (4, "`else`"),
        Rule::percent => (2, "a percentage such as `5%`"),
        Rule::guard_records => (1, "a number of records"),
        Rule::guard_rejected => (1, "a percentage"),
        Rule::map_body => (0, "`{`"),
        Rule::arguments => (MAY, "`(`"),
        Rule::filter => (MAY, "`where`"),
        Rule::sheet => (MAY, "`sheet`"),
        Rule::without => (MAY, "`without`"),
        Rule::per => (MAY, "`per`"),
        Rule::open => (0, "`{`"),
        Rule::close => (1, "`}`"),
        Rule::close_paren => (1, "`)`"),
        Rule::close_list => (1, "`]`"),
        Rule::from_word => (0, "`from`"),
        Rule::as_word => (0, "`as`"),
        Rule::then_word => (0, "`then`"),
        Rule::of_word => (0, "`of`"),
        Rule::arm_pattern => (1, "a value to match, or `_`"),
        Rule::type_name | Rule::type_path => (1, "a type"),
        Rule::parameters => (1, "parameters in round brackets"),
        Rule::colon => (4, "`:`"),
        Rule::day => (1, "a day or what holds one"),
        Rule::date => (2, "a day such as `2026-10-31`"),
        Rule::in_word => (0, "`in`"),
        Rule::to_word => (0, "`to`"),
        Rule::change_word => (0, "`change`"),
        Rule::flow_word => (0, "`flow`"),
        Rule::run_every | Rule::every_word => (0, "`every`"),
        Rule::run_on_webhook | Rule::on_word => (0, "`on webhook`"),
        Rule::webhook_word => (0, "`webhook`"),
        Rule::daily_word => (0, "`daily`"),
        Rule::at_word => (0, "`at`"),
        Rule::time_of_day => (1, "a time of the day such as `05:00`"),
        Rule::lookback_word => (0, "`lookback`"),
        Rule::for_word => (0, "`for`"),
        Rule::parked_notice | Rule::parked_word => (0, "`parked after`"),
        Rule::silence_notice | Rule::nothing_word => (0, "`nothing read`"),
        Rule::budget_notice | Rule::budget_word => (0, "`budget above`"),
        Rule::failure_notice | Rule::failed_word => (0, "`failed run`"),
        Rule::after_word => (0, "`after`"),
        Rule::read_word => (0, "`read`"),
        Rule::above_word => (0, "`above`"),
        Rule::run_word => (0, "`run`"),
        Rule::when_word => (0, "`when`"),
        Rule::times_word => (0, "`times`"),
        Rule::records_word => (0, "`records`"),
        Rule::rejected_word => (0, "`rejected`"),
        Rule::percent_sign => (0, "`%`"),
        Rule::outcome => (0, "`hold`, `reject` or `skip`"),
        Rule::ended => (0, "`posted`, `held`, `rejected` or `skipped`"),
        Rule::fixture => (0, "a record (`{ … }`)"),
        Rule::fixture_record => (1, "`{`"),
        Rule::with_inputs => (0, "`(`"),
        Rule::conditions => (MAY, "`{`"),
        Rule::else_word => (4, "`else`"),
        Rule::duration => (2, "a length of time such as `5m`"),
        Rule::template => (2, "a text in double quotes"),
        Rule::plain => (3, "a text in single quotes"),
        Rule::number => (2, "a number"),
        Rule::name | Rule::word => (1, "a name"),
        Rule::any => (3, "`_`"),
        Rule::open_paren => (1, "`(`"),
        Rule::comma => (MAY, "`,`"),
        Rule::EOI => (MAY, "the end of the entry"),
        _ => return None,
    })
}
