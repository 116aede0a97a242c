//! `group_sum(list, key, amount)`: records put together by one field, another added up.

use super::{ArgumentError, Function, OutOfRange, Parameter, order, signature, sum};
use crate::value::{FieldType, Kind, Record, RecordType, Type, Value};
use indexmap::IndexMap;
use std::sync::Arc;

pub(super) static FUNCTION: Function = Function {
    name: "group_sum",
    doc: "One record for each value of a field in a list of records, with another field added up: `each group_sum(lines, 'gl_account', 'amount') as line { … }`. In the order in which the values first stand there.",
    parameters: &[
        Parameter { name: "list", ty: "list of records", optional: false },
        Parameter { name: "key", ty: "text", optional: false },
        Parameter { name: "amount", ty: "text", optional: false },
    ],
    rule,
    evaluate,
    // Records cannot be written in an example; the tests below show them.
    examples: &[],
};

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let item = signature::list(arguments, 0)?;
    let key = signature::constant_text(arguments, constants, 1, "'gl_account'")?;
    let amount = signature::constant_text(arguments, constants, 2, "'amount'")?;
    let (Some(key), Some(amount)) = (key, amount) else { return Ok(Type::unknown()) };
    let record = match &item.kind {
        Kind::Record(record) => record,
        Kind::Unknown => return Ok(Type::unknown()),
        _ => {
            let hint = "name a list of records, such as `lines`";
            return Err(signature::refuse(
                0,
                format!("this is a list of {item}, where a list of records is wanted"),
                hint,
            ));
        }
    };
    let key_type = field(record, &key, 1)?;
    if !(order::is_single(key_type) || key_type.is_unknown()) {
        return Err(signature::refuse(1, format!("`{key}` is a {key_type}"), "group by a text, a number or a day"));
    }
    let amount_type = field(record, &amount, 2)?;
    if !(amount_type.is_number() || amount_type.is_unknown()) {
        return Err(signature::refuse(
            2,
            format!("`{amount}` is a {amount_type}"),
            "add up a field that holds numbers",
        ));
    }
    if key == amount {
        return Err(signature::refuse(2, "this is the field that is grouped by", "name the field to add up"));
    }
    let fields = [(key, key_type.clone()), (amount, amount_type.clone())];
    let fields: IndexMap<Arc<str>, FieldType> = fields
        .into_iter()
        .map(|(name, ty)| (name, FieldType { ty, doc: "".into(), values: Vec::new(), closed: false }))
        .collect();
    Ok(Type::list(Type::new(Kind::Record(Arc::new(RecordType { name: record.name.clone(), fields })))))
}

/// The settled type of a field that is named in the pipeline.
fn field<'a>(record: &'a RecordType, name: &str, argument: usize) -> Result<&'a Type, ArgumentError> {
    let Some(field) = record.fields.get(name) else {
        let names: Vec<&str> = record.fields.keys().map(|name| &**name).collect();
        let hint = match crate::diag::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("its fields are {}", names.join(", ")),
        };
        return Err(signature::refuse(argument, format!("the records have no field `{name}`"), hint));
    };
    if field.ty.optional && !field.ty.is_unknown() {
        let hint = format!("make records that have it first: `each … as x {{ {name} = x.{name} ?? … }}`");
        return Err(signature::refuse(argument, format!("`{name}` can be absent"), hint));
    }
    Ok(&field.ty)
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let (key, amount) = (signature::text_of(values, 1), signature::text_of(values, 2));
    let records: Vec<&Record> = signature::items_of(values, 0).filter_map(Value::as_record).collect();
    let keys: Vec<&Value> = records.iter().map(|record| record.get(key).unwrap_or(&Value::Null)).collect();
    let mut groups: IndexMap<usize, Vec<Value>> = IndexMap::new();
    for (record, first) in records.iter().zip(order::firsts(&keys)) {
        groups.entry(first).or_default().extend(record.get(amount).cloned());
    }
    let grouped = groups.into_iter().map(|(first, amounts)| {
        let mut record = Record::new();
        record.insert(key, keys[first].clone());
        record.insert(amount, sum::exact(amounts.iter())?);
        Ok(Value::record(record))
    });
    grouped.collect::<Result<Vec<_>, _>>().map(Value::list)
}

#[cfg(test)]
mod tests {
    use super::FUNCTION;
    use crate::value::{Decimal, FieldType, Kind, Record, RecordType, Type, Value};
    use std::sync::Arc;

    fn line(account: &str, cents: i64) -> Value {
        let mut record = Record::new();
        record.insert("gl_account", account);
        record.insert("amount", Decimal::cents(cents));
        Value::record(record)
    }

    fn lines_type(amount: Type) -> Type {
        let field = |ty| FieldType { ty, doc: "".into(), values: Vec::new(), closed: false };
        let fields = [("gl_account", Type::text_of(8)), ("amount", amount), ("items", Type::list(Type::text()))];
        let fields = fields.into_iter().map(|(name, ty)| (name.into(), field(ty))).collect();
        Type::list(Type::new(Kind::Record(Arc::new(RecordType { name: "line".into(), fields }))))
    }

    fn rule(amount: Type, key: &str, sum: &str) -> Result<Type, String> {
        let arguments = [lines_type(amount), Type::text(), Type::text()];
        let constants = [None, Some(key.into()), Some(sum.into())];
        (FUNCTION.rule)(&arguments, &constants)
            .map_err(|error| format!("{}: {} ({})", error.argument, error.message, error.hint))
    }

    #[test]
    fn amounts_of_one_account_come_together() {
        let lines = Value::list(vec![line("5310", 150), line("5100", 25), line("5310", -50)]);
        let grouped = (FUNCTION.evaluate)(&[lines, "gl_account".into(), "amount".into()]).expect("in range");
        assert_eq!(grouped, Value::list(vec![line("5310", 100), line("5100", 25)]));
    }

    #[test]
    fn the_result_has_the_two_fields() {
        let ty = rule(Type::new(Kind::Decimal), "gl_account", "amount").expect("fits");
        let Kind::List(item) = ty.kind else { panic!("a list") };
        let Kind::Record(record) = item.kind else { panic!("of records") };
        assert_eq!(record.fields.keys().map(|name| &**name).collect::<Vec<_>>(), ["gl_account", "amount"]);
        assert_eq!(record.fields["gl_account"].ty, Type::text_of(8));
    }

    #[test]
    fn fields_that_do_not_fit_are_refused() {
        let decimal = Type::new(Kind::Decimal);
        for (amount, key, sum, words) in [
            (decimal.clone(), "gl_acount", "amount", "did you mean 'gl_account'?"),
            (decimal.clone(), "gl_account", "gl_account", "`gl_account` is a text"),
            (decimal.clone(), "items", "amount", "`items` is a list of text"),
            (decimal.clone(), "amount", "amount", "grouped by"),
            (decimal.optional(), "gl_account", "amount", "can be absent"),
        ] {
            let error = rule(amount, key, sum).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
    }
}
