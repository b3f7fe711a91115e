//! Does every law still notice the change that it is there to notice?
//!
//! Applies each patch of `crates/weir-testkit/mutations` to a copy of the tree, one at a time, and
//! runs the test that its first line names. Without the patch the test must pass; with it, it must
//! build and fail. Words on the command line pick the patches whose file name contains one of them.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use weir_testkit::mutation::Mutation;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let patches = patches(&root, &words)?;
    let copy = Copy::of(&root)?;
    let mut survivors = copy.fails_unpatched(&patches)?;
    for patch in &patches {
        let verdict = copy.verdict(patch)?;
        survivors += usize::from(verdict != Verdict::Red);
        println!("{:<48} {}", patch.mutation.law, verdict.words());
    }
    println!("{} mutations, {survivors} faults", patches.len());
    Ok(if survivors == 0 && !patches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Patch {
    path: PathBuf,
    mutation: Mutation,
}

fn patches(root: &Path, words: &[String]) -> Result<Vec<Patch>, Box<dyn Error>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(root.join("crates/weir-testkit/mutations"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let wanted = words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
        if name.ends_with(".patch") && wanted {
            let mutation = Mutation::parse(&fs::read_to_string(&path)?)
                .map_err(|fault| format!("{}: {fault}", path.display()))?;
            patches.push(Patch { mutation, path });
        }
    }
    patches.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(patches)
}

/// A copy of the tree that may be broken, and keeps its build from one run to the next.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn of(root: &Path) -> Result<Self, Box<dyn Error>> {
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let home = target.map_or(root.join("target"), PathBuf::from).join("mutations");
        let copy = Self { tree: home.join("tree"), target: home.join("target") };
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = succeed(Command::new("git").args(list).current_dir(root))?.stdout;
        let listed = String::from_utf8(listed)?;
        let wanted: BTreeSet<&str> =
            listed.split_terminator('\0').filter(|path| root.join(path).is_file()).collect();
        for path in &wanted {
            copy.refresh(path, &root.join(path))?;
        }
        remove_others(&copy.tree, &copy.tree, &wanted)?;
        Ok(copy)
    }

    /// Copies a file only when it differs: cargo goes by its time.
    fn refresh(&self, path: &str, from: &Path) -> io::Result<()> {
        let (to, bytes) = (self.tree.join(path), fs::read(from)?);
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        fs::create_dir_all(to.parent().unwrap_or(&self.tree))?;
        fs::write(to, bytes)
    }

    /// Counts the tests that fail without any patch: they would prove nothing.
    fn fails_unpatched(&self, patches: &[Patch]) -> io::Result<usize> {
        let commands: BTreeSet<&[String]> =
            patches.iter().map(|patch| patch.mutation.cargo_args.as_slice()).collect();
        let mut failed = 0;
        for args in commands {
            let output = self.cargo(args, None).output()?;
            if !output.status.success() {
                failed += 1;
                println!("fails without a patch: cargo {}\n{}", args.join(" "), tail(&output));
            }
        }
        Ok(failed)
    }

    fn verdict(&self, patch: &Patch) -> io::Result<Verdict> {
        if !self.apply(patch, None)?.status.success() {
            return Ok(Verdict::DoesNotApply);
        }
        let args = &patch.mutation.cargo_args;
        let verdict = if !self.cargo(args, Some("--no-run")).output()?.status.success() {
            Verdict::DoesNotBuild
        } else if self.cargo(args, None).output()?.status.success() {
            Verdict::Green
        } else {
            Verdict::Red
        };
        succeed_io(self.apply(patch, Some("--reverse"))?)?;
        Ok(verdict)
    }

    fn apply(&self, patch: &Patch, way: Option<&str>) -> io::Result<Output> {
        let mut git = Command::new("git");
        git.arg("apply").args(way).arg(&patch.path).current_dir(&self.tree);
        // Inside a repository, git would look for the files in that one, and find nothing to do.
        git.env("GIT_CEILING_DIRECTORIES", self.tree.parent().unwrap_or(&self.tree)).output()
    }

    fn cargo(&self, args: &[String], more: Option<&str>) -> Command {
        let mut cargo = Command::new("cargo");
        let (verb, rest) = args.split_at(1.min(args.len()));
        cargo.args(verb).args(more).args(rest).current_dir(&self.tree);
        cargo.env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// What became of a law when its line was broken.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Verdict {
    DoesNotApply,
    DoesNotBuild,
    Green,
    Red,
}

impl Verdict {
    const fn words(self) -> &'static str {
        match self {
            Self::DoesNotApply => "the patch does not apply: make it anew",
            Self::DoesNotBuild => "the patch does not build: it must break the law, not the build",
            Self::Green => "STAYED GREEN: the law does not guard this line",
            Self::Red => "red, as it should be",
        }
    }
}

/// Removes what is in the copy but no longer in the tree.
fn remove_others(root: &Path, dir: &Path, wanted: &BTreeSet<&str>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        if path.is_dir() {
            remove_others(root, &path, wanted)?;
        } else if !wanted.contains(name.as_str()) && name != "Cargo.lock" {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn succeed(command: &mut Command) -> io::Result<Output> {
    succeed_io(command.output()?)
}

fn succeed_io(output: Output) -> io::Result<Output> {
    if output.status.success() {
        return Ok(output);
    }
    io::stderr().write_all(&output.stderr)?;
    Err(io::Error::other("a command failed that must not"))
}

/// The last lines that a command printed.
fn tail(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let skipped = text.lines().count().saturating_sub(20);
    text.lines().skip(skipped).collect::<Vec<_>>().join("\n")
}
