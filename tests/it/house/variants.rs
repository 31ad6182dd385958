//! Which files look at the variants of an enum, found from what their code names.

use super::code::{production, tokens};

/// Whether a file names a variant or a function of the type, as `Type::Variant`.
pub(crate) fn names_variants(text: &str, name: &str) -> bool {
    let code = production(text);
    tokens(&code).windows(2).any(|pair| pair == [name, "::"])
}

/// Whether a file gives the type another name, or takes its variants by theirs alone.
pub(crate) fn hides_variants(text: &str, name: &str) -> bool {
    let code = production(text);
    let tokens = tokens(&code);
    (0..tokens.len()).any(|at| {
        let statement = || tokens[at..].split(|token| *token == ";").next().unwrap_or_default();
        match tokens[at] {
            "use" => {
                let hides = |pair: &[&str]| pair == [name, "::"] || pair == [name, "as"];
                statement().windows(2).any(hides)
            }
            "type" => statement().last() == Some(&name),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named_in_code_alone() {
        for text in ["match x { Kind::A => 1 }", "use a::Kind;\nfn f() { Kind::new() }"] {
            assert!(names_variants(text, "Kind"), "{text}");
        }
        for text in [
            "//! [`Kind::A`]",
            "fn f(x: Kind) -> MyKind { MyKind::B }",
            "fn f() { kind::A }",
            "#[cfg(test)]\nmod tests {\n fn f() { Kind::A }\n}",
        ] {
            assert!(!names_variants(text, "Kind"), "{text}");
        }
    }

    #[test]
    fn ways_around_the_name_are_found() {
        for text in [
            "use a::Kind::*;",
            "use a::{Kind::{A, B}, C};",
            "fn f() { use a::Kind as Other; }",
            "type Other = a::Kind;",
        ] {
            assert!(hides_variants(text, "Kind"), "{text}");
        }
        for text in ["use a::{Kind, b};\nlet x = y as Kind;", "impl T for S { type Of = MyKind; }"]
        {
            assert!(!hides_variants(text, "Kind"), "{text}");
        }
    }
}
