//! The registry of codes. One code, one line here, one page in `explain/`, one corpus case.
//!
//! `E00xx` the text cannot be read, `E01xx` its syntax, `E02xx` names, `E03xx` types,
//! `E04xx` targets, `E05xx` lookups, `E06xx` settings and rules, `E07xx` tests, `W0xxx` lints.
//! A number is never used twice, also after its code is gone.

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub id: &'static str,
    /// A few words for lists.
    pub title: &'static str,
    /// The page that `mlc explain` prints: what it means, a wrong file, the right one.
    pub page: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $(pub static $name: Code = Code {
            id: $id,
            title: $title,
            page: include_str!(concat!("explain/", $id, ".md")),
        };)*
        static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    UNREADABLE_TEXT = "E0001", "the file is not readable text";
    TOO_LARGE = "E0002", "the file is too large";
    NOT_A_PIPELINE_FILE = "E0003", "the file is not a pipeline file";
    NESTED_TOO_DEEP = "E0004", "brackets are nested too deep";
    EXPRESSION_TOO_LONG = "E0005", "an expression has too many operators";
    MORE_ERRORS = "E0006", "there are more errors than are shown";
    UNEXPECTED = "E0101", "something else is expected here";
    TEXT_NOT_CLOSED = "E0102", "a text is not closed";
    BRACKET_NOT_CLOSED = "E0103", "a bracket is not closed";
    WRONG_CLOSING_BRACKET = "E0104", "a closing bracket closes nothing";
    UNKNOWN_ITEM = "E0105", "no item of a file begins so";
    UNKNOWN_ENTRY = "E0106", "no entry of this block begins so";
    NO_ASSIGNMENT = "E0107", "a name is given no value with `=`";
    EQUALS = "E0108", "`=` and `==` are mixed up";
    SEPARATOR = "E0109", "entries are separated by a sign";
    FOREIGN_OPERATOR = "E0110", "an operator of another language";
    FOREIGN_COMMENT = "E0111", "a comment that does not begin with `#`";
    NULL = "E0112", "absence has no name";
    BAD_NUMBER = "E0113", "a number is not written so";
    FOREIGN_QUOTE = "E0114", "quotes that no text stands in";
    DOLLAR_PATH = "E0115", "a path begins with `$`";
    UNKNOWN_CHARACTER = "E0116", "a character that stands for nothing";
    NO_ALIAS = "E0117", "`from` or `each` without `as`";
    NO_OUTCOME = "E0118", "`else` or `missing` without an outcome";
    NO_SENTENCE = "E0119", "an outcome without its sentence";
    UNKNOWN_ESCAPE = "E0120", "an unknown escape in a text";
    NO_SUCH_DAY = "E0121", "there is no such day";
    BAD_DURATION = "E0122", "not a length of time";
    BAD_SEGMENT = "E0123", "not a step of a path";
    LINE_BEGINS_WITH_MINUS = "E0124", "a line begins with `-`";
    NO_NAME = "E0125", "a name is missing";
    RESERVED_NAME = "E0126", "a word of the language as a name";
    NO_BLOCK = "E0127", "a block does not begin with `{`";
    CHAINED_COMPARISON = "E0128", "two comparisons in a row";
    NO_VALUE = "E0129", "a value is missing";
    WRONG_ARROW = "E0130", "`=>` or `->` is missing";
    SURPLUS = "E0131", "something follows where nothing more can";
    NO_THEN = "E0141", "an `if` without `then`";
    UNKNOWN_NAME = "E0201", "a name that nothing here has";
    LATER_NAME = "E0202", "a name is used before it is set";
    UNKNOWN_FIELD = "E0203", "a record has no such field";
    UNKNOWN_CONNECTION = "E0204", "a connection that the file does not open";
    UNKNOWN_RESOURCE = "E0205", "a system has no such resource";
    UNKNOWN_FUNCTION = "E0206", "no function or lookup of that name";
    NAME_TAKEN = "E0207", "one name for two things";
    CANNOT_READ = "E0208", "a resource that cannot be listed";
    SCOPE = "E0209", "`per` is missing, wrong or not needed";
    FLOW_INCOMPLETE = "E0210", "a flow lacks one of its parts";
    CLAUSE_ORDER = "E0211", "a clause stands twice or in the wrong place";
    RECURSION = "E0221", "a function that needs itself";
    UNKNOWN_VAR = "E0222", "`--var` sets what the file does not declare";
    UNKNOWN_FLOW = "E0230", "no flow of that name";
    LINK_CYCLE = "E0231", "flows that wait for each other";
    USE_CYCLE = "E0232", "files that bring each other in";
    USED_TWICE = "E0233", "a file is brought in twice";
    EXTENSION = "E0234", "what an extension cannot change";
    COMPARISON = "E0301", "two values that cannot be compared";
    MAY_BE_ABSENT = "E0302", "a value that may be absent where one is needed";
    ARGUMENT_TYPE = "E0303", "an argument that does not fit";
    ARGUMENT_COUNT = "E0304", "too many or too few arguments";
    NOT_A_CONDITION = "E0305", "a condition that is neither true nor false";
    NOT_A_LIST = "E0306", "a list is needed";
    NO_FIELDS = "E0307", "a plain value has no fields";
    NOT_A_NUMBER = "E0308", "arithmetic needs numbers";
    TEMPLATE_VALUE = "E0309", "a value that cannot stand in a text";
    TEMPLATE_TEXT = "E0310", "a text whose `{{ … }}` cannot be read";
    PATH_QUERY = "E0311", "a path that cannot be followed";
    DIVISION_BY_ZERO = "E0312", "a division by zero";
    MIXED_KINDS = "E0313", "values of different kinds in one place";
    UNTYPED = "E0319", "a value of unknown type";
    MATCH_OPEN = "E0321", "a `match` that does not take every value";
    MATCH_PATTERN = "E0322", "a value of an arm that does not fit";
    TYPE_NAME = "E0323", "a type that is missing or not known";
    FUNCTION_WORK = "E0324", "a function that does too much";
    MOVED_DAY = "E0325", "a day that is not moved by whole days";
    UNKNOWN_TARGET_FIELD = "E0401", "the target has no such field";
    MISSING_TARGET_FIELD = "E0402", "a field that the target needs is not mapped";
    MAPPED_TWICE = "E0403", "a field is mapped twice";
    READ_ONLY_FIELD = "E0404", "a field that can only be read is mapped";
    TARGET_TYPE = "E0405", "a value of the wrong type for its field";
    TEXT_TOO_LONG = "E0406", "a text that may be too long for its field";
    KEY_CUT = "E0407", "a key is cut";
    VALUE_NOT_ALLOWED = "E0408", "a value that the target refuses";
    CANNOT_CREATE = "E0409", "a resource that cannot be written";
    KEY_NOT_NATURAL = "E0410", "a key that the target cannot be asked by";
    KEY_NOT_MAPPED = "E0411", "a key field that is not mapped";
    KEY_MISSING = "E0412", "a target without a key";
    CANNOT_UPDATE = "E0413", "a resource whose records cannot be changed";
    CANNOT_CORRECT = "E0414", "a resource whose records cannot be corrected by further ones";
    ROW_SHAPE = "E0501", "a lookup row with too many or too few parts";
    ROW_VALUE = "E0502", "a lookup row's value that does not fit";
    ROW_TWICE = "E0503", "two lookup rows for the same inputs";
    FILE_UNREADABLE = "E0504", "a file that the pipeline names cannot be read";
    CSV_HEADER = "E0505", "a table's header does not fit the lookup";
    CSV_ROW = "E0506", "a row of a table is broken";
    LOOKUP_OUTPUT = "E0507", "`verify` names no output of the lookup";
    LOOKUP_SOURCE = "E0508", "a lookup's rows come from two kinds of places";
    LOOKUP_EMPTY = "E0509", "a lookup without rows";
    VERIFY_TYPE = "E0510", "`verify` compares different types";
    MISSING_TWICE = "E0511", "a lookup says twice what happens when no row fits";
    SHEET = "E0512", "a spreadsheet has no such sheet";
    TABLE_FORMAT = "E0513", "a file that a lookup does not read";
    FILTER_ASKS = "E0514", "a lookup's `where` asks another lookup";
    ROW_DAYS = "E0521", "a lookup row that holds on no day";
    ROW_OVERLAP = "E0522", "two lookup rows for the same inputs on the same days";
    LOOKUP_DAY = "E0523", "a lookup asked with or without a day";
    UNKNOWN_SETTING = "E0601", "a setting that is not known here";
    SETTING_VALUE = "E0602", "a setting's value does not fit";
    SETTING_MISSING = "E0603", "a setting that is needed is missing";
    SETTING_TWICE = "E0604", "a setting is given twice";
    CREDENTIALS = "E0605", "credentials that cannot be found this way";
    PROFILE = "E0606", "a tenant profile that cannot be used";
    PIPELINE_TWICE = "E0607", "two pipelines in one file";
    UNKNOWN_SYSTEM = "E0608", "a system that is not known";
    RULE_VALUE = "E0609", "a rule's value is out of range";
    RULE_TWICE = "E0610", "a rule is given twice";
    VAR_VALUE = "E0621", "a variable's value does not fit";
    TEST_INCOMPLETE = "E0701", "a test lacks one of its parts";
    TEST_TWICE = "E0702", "something stands twice in a test";
    TEST_FLOW = "E0703", "a test of a flow that is not there";
    TEST_SCOPE = "E0704", "a test is given a scope that its flow has not";
    TEST_ROW = "E0705", "a test gives rows to what takes none";
    FIXTURE_VALUE = "E0706", "a value that does not fit what a test is given";
    FIXTURE_FILE = "E0707", "a fixture's file holds no such record";
    EXPECTATION = "E0708", "something is expected that cannot come";
    MATCH_KEY = "E0630", "a key of `match` that compares nothing";
    MATCH_AMBIGUOUS = "E0631", "a `match` without `ambiguous`";
    MATCH_TARGET = "E0632", "a `match` with what the flow does not write";
    NO_WEBHOOK = "E0633", "a webhook that never comes";
    CANNOT_SETTLE = "E0634", "a write cannot wait for this";
    MARK_FIELD = "E0635", "a mark that cannot be written back";
    MARK_TWICE = "E0636", "two flows mark the same records";
    NOTIFY_ADDRESS = "E0651", "an address that nobody can be told at";
    NOTIFY_TWICE = "E0652", "two `notify` blocks in one file";
    UNUSED_LOOKUP = "W0001", "a lookup that no flow uses";
    UNUSED_LET = "W0002", "a `let` that nothing uses";
    UNUSED_CONNECTION = "W0003", "a connection that nothing uses";
    NEVER_ABSENT = "W0004", "a way out that is never taken";
    UNKNOWN_VALUE = "W0005", "a value that the field is not known to take";
    UNREACHABLE_ROW = "W0006", "a part of a lookup that is never reached";
    SANDBOX_SUPPLIES = "W0007", "a setting that the sandbox supplies";
    UNCHECKED_VALUE = "W0008", "a value that cannot be checked against the allowed ones";
    NOTHING_TO_DO = "W0009", "a pipeline without a flow";
    UNASKED_ROW = "W0010", "a test gives rows that nothing asks for";
    UNREACHABLE_ARM = "W0021", "an arm of a `match` that is never reached";
    UNUSED_FUNCTION = "W0022", "a function that nothing calls";
    MARK_LOCKS = "W0023", "a mark that locks its record";
    NOTHING_TOLD = "W0031", "a `notify` that tells of nothing";
}

/// All codes, in order.
pub fn all() -> &'static [&'static Code] {
    ALL
}

/// The code with this id, in any case: `e0203` finds `E0203`.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

/// The explain page for a code's id.
pub fn explain(id: &str) -> Option<&'static str> {
    find(id).map(|code| code.page)
}
