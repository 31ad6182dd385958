//! Circles of files that import each other, found from what each file names.
//!
//! A file imports another when its code names something that the other defines, by `use` or by a
//! path in the code. Names are followed through re-exports to the file that defines them. Declaring
//! a module, passing its names on, or naming the module itself is no import.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::code::{is_name, production, tokens};

/// Which files each file imports; files are named by their paths below `src`.
pub(crate) type Imports = BTreeMap<String, BTreeSet<String>>;

/// The imports between files, given with their texts. Tests are left out.
pub(crate) fn imports<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Imports {
    let tree = Tree::new(files);
    tree.files.keys().map(|file| (file.clone(), tree.imports_of(file))).collect()
}

/// One of the shortest circles in every group of files that all depend on each other.
pub(crate) fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let mut circles: Vec<Vec<String>> = Vec::new();
    let mut grouped = BTreeSet::new();
    for file in imports.keys() {
        let group: Vec<&String> = reachable(imports, file)
            .into_iter()
            .filter(|other| reachable(imports, other).contains(file))
            .collect();
        if grouped.contains(file) || group.is_empty() {
            continue;
        }
        grouped.extend(group.iter().copied());
        let shortest = group.iter().filter_map(|file| circle_through(imports, file));
        circles.extend(shortest.min_by_key(Vec::len));
    }
    circles
}

fn reachable<'i>(imports: &'i Imports, from: &'i str) -> BTreeSet<&'i String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        waiting.extend(imports[file].iter().filter(|next| seen.insert(*next)).map(String::as_str));
    }
    seen
}

/// The shortest way from a file back to itself, with the file at both ends.
fn circle_through(imports: &Imports, file: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![file.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in &imports[way.last()?] {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == file {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

/// A path of names, from the crate for a module.
type Names = Vec<String>;

struct Tree {
    files: BTreeMap<String, File>,
    /// The file of each module.
    modules: BTreeMap<Names, String>,
}

#[derive(Default)]
struct File {
    module: Names,
    defined: BTreeSet<String>,
    uses: Vec<Use>,
    /// Paths in the code beside `use`.
    paths: Vec<Names>,
    /// All names in the code beside `use`.
    named: BTreeSet<String>,
}

/// A name that a `use` brings into a file; `*` for all names of a module.
struct Use {
    name: String,
    path: Names,
    is_public: bool,
}

/// What a path leads to.
enum Target {
    Module(Names),
    File(String),
}

/// Whether a path is followed to a module or to something in one, when a name stands for both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Module,
    Item,
}

impl Tree {
    fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut tree = Self { files: BTreeMap::new(), modules: BTreeMap::new() };
        for (path, text) in files {
            let module = module_of(path);
            if module.contains(&"tests".to_owned()) {
                continue;
            }
            tree.modules.insert(module.clone(), path.to_owned());
            tree.files.insert(path.to_owned(), File::read(module, text));
        }
        tree
    }

    fn imports_of(&self, path: &str) -> BTreeSet<String> {
        let file = &self.files[path];
        // What is only passed on is no import of this file's.
        let uses = file.uses.iter().filter(|import| {
            !import.is_public || import.name == "*" || file.named.contains(&import.name)
        });
        let of_uses = uses.filter_map(|import| {
            match self.follow(&file.module, &import.path, Wanted::Item, &mut BTreeSet::new())? {
                Target::File(file) => Some(file),
                Target::Module(module) => {
                    (import.name == "*").then(|| self.modules[&module].clone())
                }
            }
        });
        let of_paths = file.paths.iter().filter_map(|names| {
            match self.follow(&file.module, names, Wanted::Item, &mut BTreeSet::new())? {
                Target::File(file) => Some(file),
                Target::Module(_) => None,
            }
        });
        of_uses.chain(of_paths).filter(|other| other != path).collect()
    }

    /// Where a path leads to as a module's code names it; `None` for other crates.
    fn follow(
        &self,
        module: &[String],
        path: &[String],
        wanted: Wanted,
        seen: &mut BTreeSet<(Names, Names)>,
    ) -> Option<Target> {
        if !seen.insert((module.to_vec(), path.to_vec())) {
            return None;
        }
        let mut at = module.to_vec();
        for (place, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                name => {
                    let is_last = place + 1 == path.len();
                    let wanted = if is_last { wanted } else { Wanted::Module };
                    match self.look_up(&at, name, wanted, seen) {
                        Some(Target::Module(found)) => at = found,
                        Some(found) => return Some(found),
                        // A name that a macro defines belongs to its module.
                        None if place > 0 => {
                            return self.modules.get(&at).cloned().map(Target::File);
                        }
                        None => return None,
                    }
                }
            }
        }
        Some(Target::Module(at))
    }

    fn look_up(
        &self,
        module: &[String],
        name: &str,
        wanted: Wanted,
        seen: &mut BTreeSet<(Names, Names)>,
    ) -> Option<Target> {
        let path = self.modules.get(module)?;
        let file = &self.files[path];
        let child = [module, &[name.to_owned()]].concat();
        let is_module = self.modules.contains_key(&child);
        if is_module && wanted == Wanted::Module {
            return Some(Target::Module(child));
        }
        if file.defined.contains(name) {
            return Some(Target::File(path.clone()));
        }
        let imported = file
            .uses
            .iter()
            .filter(|import| import.name == name)
            .find_map(|import| self.follow(module, &import.path, wanted, seen));
        if imported.is_some() {
            return imported;
        }
        if is_module {
            return Some(Target::Module(child));
        }
        file.uses.iter().filter(|import| import.name == "*").find_map(|import| {
            match self.follow(module, &import.path, Wanted::Module, seen)? {
                Target::Module(other) => self.look_up(&other, name, wanted, seen),
                Target::File(_) => None,
            }
        })
    }
}

/// `a/b.rs`, `a/b/mod.rs` → `a`, `b`.
fn module_of(path: &str) -> Names {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|name| *name != "lib").map(str::to_owned).collect()
}

impl File {
    fn read(module: Names, text: &str) -> Self {
        const DEFINES: [&str; 9] =
            ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];
        let code = production(text);
        let tokens = tokens(&code);
        let mut file = Self { module, ..Self::default() };
        let mut at = 0;
        while at < tokens.len() {
            let (token, next) = (tokens[at], tokens.get(at + 1).copied().unwrap_or_default());
            let before = at.checked_sub(1).map_or("", |before| tokens[before]);
            if token == "use" && next != "<" {
                let end = tokens[at..].iter().position(|token| *token == ";");
                let end = end.map_or(tokens.len(), |end| at + end);
                let is_public = before == "pub" || before == ")";
                file.take_uses(&tokens[at + 1..end], &[], is_public);
                at = end;
                continue;
            }
            if token == "mod" {
                at += 2;
                continue;
            }
            if DEFINES.contains(&token) && is_name(next) {
                file.defined.insert(next.to_owned());
            }
            at += if is_name(token) && !["::", "."].contains(&before) {
                file.take_path(&tokens[at..])
            } else {
                1
            };
        }
        file
    }

    /// Takes the path that tokens begin with; returns how many tokens it has.
    fn take_path(&mut self, tokens: &[&str]) -> usize {
        let pairs = tokens[1..].chunks(2);
        let more = pairs.take_while(|pair| matches!(pair, ["::", name] if is_name(name))).count();
        let names: Names =
            tokens[..=2 * more].iter().step_by(2).map(|name| (*name).to_owned()).collect();
        self.named.extend(names.iter().cloned());
        if more > 0 {
            self.paths.push(names);
        }
        1 + 2 * more
    }

    /// Takes what stands between `use` and its semicolon, or in one pair of braces of it.
    fn take_uses(&mut self, tokens: &[&str], prefix: &[String], is_public: bool) {
        let mut depth = 0_usize;
        let parts = tokens.split(|token| {
            match *token {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            depth == 0 && *token == ","
        });
        for part in parts {
            let list = part.iter().position(|token| *token == "{");
            let (path, list) = part.split_at(list.unwrap_or(part.len()));
            let names =
                path.iter().take_while(|token| **token != "as").filter(|token| **token != "::");
            let mut path: Names =
                prefix.iter().cloned().chain(names.map(|name| (*name).to_owned())).collect();
            if let [_, inner @ .., _] = list {
                self.take_uses(inner, &path, is_public);
                continue;
            }
            let Some(last) = path.last().cloned() else { continue };
            if last == "*" || (last == "self" && path.len() > 1) {
                path.pop();
            }
            let alias =
                part.iter().position(|token| *token == "as").and_then(|at| part.get(at + 1));
            let own = if last == "self" { path.last().cloned().unwrap_or_default() } else { last };
            let name = alias.map_or(own, |alias| (*alias).to_owned());
            self.uses.push(Use { name, path, is_public });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let imports = imports(files.iter().copied());
        circles(&imports).into_iter().map(|circle| circle.join(" > ")).collect()
    }

    #[test]
    fn two_files_through_super() {
        let files = [
            ("lib.rs", "mod stage;"),
            ("stage/mod.rs", "mod left;\nmod right;"),
            ("stage/left.rs", "use super::right::Right;\npub struct Left(Right);"),
            ("stage/right.rs", "use super::left;\npub struct Right;\nfn f(of: left::Left) {}"),
        ];
        assert_eq!(found(&files), ["stage/left.rs > stage/right.rs > stage/left.rs"]);
    }

    #[test]
    fn two_files_through_a_re_export() {
        let files = [
            ("lib.rs", "mod other;\nmod stage;\npub use stage::Left as Exported;"),
            (
                "stage/mod.rs",
                "mod left;\nmod right;\npub use left::{Left, make};\npub use right::right;",
            ),
            ("stage/left.rs", "pub struct Left;\npub fn make() -> u8 { crate::stage::right() }"),
            ("stage/right.rs", "use crate::Exported;\npub fn right() -> u8 { 0 }"),
            ("other.rs", "use crate::stage::{self, Left};\nfn f() { stage::make(); }"),
        ];
        assert_eq!(found(&files), ["stage/left.rs > stage/right.rs > stage/left.rs"]);
    }

    #[test]
    fn a_folders_own_file_and_one_inside() {
        let files = [
            ("lib.rs", "mod stage;"),
            (
                "stage.rs",
                "mod part;\nuse part::Part;\npub const MOST: u8 = 1;\npub struct Whole(Part);",
            ),
            ("stage/part.rs", "pub struct Part([u8; super::MOST as usize]);"),
        ];
        assert_eq!(found(&files), ["stage.rs > stage/part.rs > stage.rs"]);
    }

    #[test]
    fn three_files() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
            ("a.rs", "use crate::{b::B, d};\npub struct A(B, d::D);"),
            ("b.rs", "pub struct B(crate::c::C);"),
            ("c.rs", "pub struct C;\nfn f() { use crate::a::A; }"),
            ("d.rs", "pub struct D;"),
        ];
        assert_eq!(found(&files), ["a.rs > b.rs > c.rs > a.rs"]);
    }

    #[test]
    fn a_tree_without_any() {
        let files = [
            ("lib.rs", "pub mod low;\npub mod stage;\npub use low::Error;"),
            ("low.rs", "//! [`crate::stage::run`]\npub enum Error { Bad }"),
            (
                "stage/mod.rs",
                "mod run;\nmod part;\npub use run::run;\npub use part::Part;\n#[cfg(test)]\nmod tests;",
            ),
            // A function is called like its module, which others name for what else is in it.
            (
                "stage/run.rs",
                "use super::part::{self, Part};\nuse crate::Error;\npub fn run() -> Result<Part, Error> { part::make() }",
            ),
            (
                "stage/part.rs",
                "use crate::low;\npub struct Part;\npub fn make() -> Result<Part, low::Error> { Err(low::Error::Bad) }\n\
                 #[cfg(test)]\nmod tests {\n use super::super::run::run;\n}",
            ),
            ("stage/tests.rs", "use super::run;\nuse crate::stage::part::Part;"),
        ];
        assert_eq!(found(&files), [""; 0]);
        let imports = imports(files);
        let of =
            |file: &str| imports[file].iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(of("stage/run.rs"), "low.rs stage/part.rs");
        assert_eq!(of("stage/mod.rs"), "");
    }
}
