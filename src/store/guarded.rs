//! Work in the database that may panic: on damaged files it does, instead of answering
//! with an error. The panic becomes a value, and its report does not reach the screen,
//! where people would take it for ours.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is expected, and told by whoever catches it.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Does the work; the error is what it panicked with.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                report(panic);
            }
        }));
    });
    let before = EXPECTED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    done
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_becomes_a_value() {
        assert_eq!(guarded(|| 7).expect("done"), 7);
        let panic = guarded(|| panic!("torn")).expect_err("a panic");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"torn"));
    }
}
