//! Untrusted text in cells of a spreadsheet: none of it may be evaluated as a formula (specification §9).

use std::borrow::Cow;

/// Text made safe for a cell: what a spreadsheet could evaluate as a formula gets an apostrophe before it.
///
/// A formula begins with `=`, `+`, `-`, `@`, a full-width form of these, a tab or a line break. Spreadsheets also skip blanks
/// and quotes before one, so they are skipped here too.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match text.chars().find(|c| begins_formula(*c) || !is_passed_over(*c)) {
        Some(first) if begins_formula(first) => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// Blanks, invisible characters, and quotes of any style.
fn is_passed_over(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\'' | '`' | '‘' | '’' | '“' | '”' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_be_a_formula_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "＝1",
            "＋1",
            "－1",
            "＠a",
            " =1",
            "\u{a0}=1",
            "\"=1",
            "'=1",
            "\" '=1",
            "“=1",
            "\u{feff}=1",
            "\u{200b}@x",
            "\0=1",
            "-",
            "=",
        ] {
            assert_eq!(harmless(text), format!("'{text}"), "{text:?}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in ["", " ", "'", "\"\"", "a=1", "1+1", "www.example.com", "Mozilla/5.0 (=1)", "a\n=1", "é", "#REF", "a\t=1"] {
            assert_eq!(harmless(text), text, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_comes_out_as_a_formula_and_none_is_changed_but_for_the_apostrophe(text in "([ \"'\t\r\n=+@-]|＝|.){0,12}") {
            let cell = harmless(&text);
            let visible = cell.trim_start_matches(|c: char| c != '\t' && c != '\r' && c != '\n' && (c.is_whitespace() || c == '"'));
            prop_assert!(!visible.starts_with(begins_formula));
            prop_assert!(*cell == text || cell.strip_prefix('\'') == Some(text.as_str()));
        }
    }
}
