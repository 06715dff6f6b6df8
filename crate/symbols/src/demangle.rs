//! Linkage names → names as the source has them. All demangling goes through here.
//!
//! A name is the guest's, so neither the work nor the text that it makes may grow beyond measure: an
//! Itanium name of 400 bytes can stand for a text that doubles with each of its substitutions.

use std::borrow::Cow;
use std::fmt;

/// Longest name of a function, in characters: readers show a line of them.
const MAX_NAME: usize = 4096;

/// Most text that is made of one name, in bytes: more than compilers' own names become.
const MAX_TEXT: usize = 4 * MAX_NAME;

/// Most pieces that it is made of: a piece may be of a byte.
const MAX_PIECES: usize = MAX_TEXT;

/// A name as it is shown: demangled, unless it is to be `raw` or is not mangled at all; cut when too long.
pub fn display(name: &str, raw: bool) -> String {
    let mut shown = (!raw)
        .then(|| demangle(name))
        .flatten()
        .unwrap_or_else(|| name.to_owned());
    if let Some((end, _)) = shown.char_indices().nth(MAX_NAME) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// What a mangled name stands for: of Rust without hashes, of C++ with parameters. None for a name that isn't
/// mangled (`f` is no `float`), can't be read, or would take too much work.
pub fn demangle(name: &str) -> Option<String> {
    if name.len() > MAX_NAME {
        return None;
    }
    if is_rust(name) {
        let symbol = rustc_demangle::try_demangle(name).ok()?;
        // The alternate form leaves hashes out.
        let text = bounded(|text| fmt::write(text, format_args!("{symbol:#}")))?;
        // What its demangler writes where it gives up.
        let given_up = [
            "{invalid syntax}",
            "{recursion limit reached}",
            "{size limit reached}",
        ];
        return (!given_up.iter().any(|mark| text.contains(mark))).then_some(text);
    }
    let encoding = name
        .strip_prefix("__Z")
        .or_else(|| name.strip_prefix("_Z"))?;
    match thunk(encoding) {
        Some((kind, target)) => Some(format!("{kind} to {}", cpp(&format!("_Z{target}"))?)),
        None => cpp(name),
    }
}

/// What a name of C++ stands for.
fn cpp(name: &str) -> Option<String> {
    let symbol = cpp_demangle::Symbol::new(name).ok()?;
    let options = cpp_demangle::DemangleOptions::new();
    bounded(|text| symbol.structured_demangle(text, &options))
}

/// The function that a thunk calls, which other demanglers name first and `cpp_demangle` last.
fn thunk(encoding: &str) -> Option<(&'static str, &str)> {
    let (kind, offsets, rest) = match encoding.as_bytes() {
        [b'T', b'h', ..] => ("non-virtual thunk", 1, &encoding[2..]),
        [b'T', b'v', ..] => ("virtual thunk", 2, &encoding[2..]),
        _ => return None,
    };
    let mut target = rest;
    for _ in 0..offsets {
        let number = target.strip_prefix('n').unwrap_or(target);
        target = number
            .trim_start_matches(|digit: char| digit.is_ascii_digit())
            .strip_prefix('_')?;
    }
    Some((kind, target))
}

/// The text that `write` makes, if it isn't too much.
fn bounded(write: impl FnOnce(&mut Bounded) -> fmt::Result) -> Option<String> {
    let mut text = Bounded::default();
    write(&mut text).ok()?;
    Some(text.text)
}

/// A name of Go as its own tools show it: `main.(*Tree[...]).Walk` for `main.(*Tree[go.shape.int]).Walk`.
pub fn go_name(name: &str) -> Cow<'_, str> {
    match (name.find('['), name.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            Cow::Owned(format!("{}[...]{}", &name[..open], &name[close + 1..]))
        }
        _ => Cow::Borrowed(name),
    }
}

/// Whether Wasmtime's own demangler, which knows no bounds and takes types for names too, is soon done with it: it
/// is short, no name of C++, or none that doubles and doubles.
pub fn is_harmless(name: &str) -> bool {
    const SHORT: usize = 64;
    name.len() <= SHORT
        || demangle(name).is_some()
        || name.len() <= MAX_NAME && cpp_demangle::Symbol::new(name).is_err()
}

/// Whether Rust mangled it: by its own scheme, or by that which it had before, whose names are C++'s but for a
/// hash at their end.
fn is_rust(name: &str) -> bool {
    if name.starts_with("_R") || name.starts_with("__R") {
        return true;
    }
    let Some(hash) = name.rfind("17h") else {
        return false;
    };
    let (digits, end) = name.as_bytes()[hash + 3..]
        .split_at_checked(16)
        .unwrap_or_default();
    // What follows was added by LLVM.
    (name.starts_with("_ZN") || name.starts_with("__ZN"))
        && digits.iter().all(u8::is_ascii_hexdigit)
        && matches!(end, [b'E'] | [b'E', b'.', ..])
}

/// Text that ends with an error where it would be too long.
#[derive(Default)]
struct Bounded {
    text: String,
    pieces: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.pieces += 1;
        if self.pieces > MAX_PIECES || self.text.len() + piece.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair of substitutions doubles what the one before stands for.
    fn nested(pairs: usize) -> String {
        format!("_Z1f{}", types(0, pairs))
    }

    /// After so many other substitutions.
    fn types(before: usize, pairs: usize) -> String {
        let mut name = format!("St4pairI1AS{before}_E");
        for pair in 0..pairs {
            let mut number = before + 2 * pair + 1;
            let mut digits = Vec::new();
            while number > 0 {
                digits.push(char::from_digit(number as u32 % 36, 36).unwrap());
                number /= 36;
            }
            let seq: String = digits.iter().rev().collect();
            let seq = seq.to_uppercase();
            name += &format!("St4pairIS{seq}_S{seq}_E");
        }
        name
    }

    #[test]
    fn only_what_is_mangled_changes() {
        for name in [
            "f",
            "i",
            "t",
            "a",
            "b",
            "v",
            "z",
            "Ss",
            "Pi",
            "3add",
            "R",
            "_R",
            "_Z",
            "_ZN",
            "ZN3fooE",
            "FviE",
            "A3_i",
            "main.main",
            "h1234567890abcdef",
            "$s4main3fooyyF",
            "operator new",
            "_ZN17h",
            "17h0123456789abcdefE",
            "",
        ] {
            assert_eq!(display(name, false), name);
        }
    }

    #[test]
    fn hashes_are_left_out() {
        let name = "_ZN4core3fmt5write17h0123456789abcdefE";
        assert_eq!(display(name, false), "core::fmt::write");
        assert_eq!(display(name, true), name);
        assert_eq!(display("_RNvCs1234_7mycrate3foo", false), "mycrate::foo");
        // C++ may have a name of that length too.
        assert_eq!(
            display("_ZN1a17hxyzxyzxyzxyzxyzxE", false),
            "a::hxyzxyzxyzxyzxyzx"
        );
    }

    #[test]
    #[cfg_attr(
        miri,
        ignore = "cpp_demangle compares addresses of vtables, of which Miri has more than one"
    )]
    fn a_text_that_doubles_is_given_up() {
        assert!(display(&nested(4), false).starts_with("f(std::pair<A, A>, "));
        let name = nested(40);
        assert_eq!(display(&name, false), name);
    }

    #[test]
    fn thunks_are_named_after_their_kind() {
        let name = |name| display(name, false);
        assert_eq!(name("_ZThn8_N1A1fEv"), "non-virtual thunk to A::f()");
        assert_eq!(name("_ZTv0_n12_N1A1fEv"), "virtual thunk to A::f()");
        assert_eq!(name("_ZThn8N1A1fEv"), "_ZThn8N1A1fEv");
    }

    #[test]
    fn what_its_demangler_gives_up_stays() {
        let name = "_RNvXs_C7mycrateNtB2_3FooNtB2_3Bar3run";
        assert_eq!(display(name, false), name);
    }

    #[test]
    fn type_arguments_of_go_are_left_out() {
        assert_eq!(
            go_name("main.(*Tree[go.shape.int]).Walk"),
            "main.(*Tree[...]).Walk"
        );
        assert_eq!(go_name("main.main"), "main.main");
        assert_eq!(go_name("main.]x["), "main.]x[");
    }

    #[test]
    #[cfg_attr(
        miri,
        ignore = "cpp_demangle compares addresses of vtables, of which Miri has more than one"
    )]
    fn a_name_that_doubles_is_not_harmless() {
        assert!(is_harmless(&nested(4)));
        assert!(is_harmless(
            "alloc::vec::Vec<T>::push, which is no name of C++ but a long one"
        ));
        assert!(!is_harmless(&nested(40)));
        // As a type.
        assert!(!is_harmless(&format!("1BI{}E", types(1, 40))));
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = "x".repeat(10_000);
        assert_eq!(display(&name, false).chars().count(), MAX_NAME + 1);
    }
}
