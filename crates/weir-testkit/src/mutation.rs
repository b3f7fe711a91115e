//! Which law does a kept patch break, and which test must notice?
//!
//! A patch in `mutations/` is what `git diff` prints, under one line of ours that `git apply`
//! ignores: `# law: ROOM::LAW  test: cargo test -p weir-testkit --test ROOM LAW`.

use core::fmt;

/// What the first line of a kept patch says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mutation {
    /// `ROOM::LAW`.
    pub law: String,
    /// What comes after the word `cargo` in the command that must fail.
    pub cargo_args: Vec<String>,
}

impl Mutation {
    /// Reads the first line of a patch.
    ///
    /// # Errors
    ///
    /// [`HeaderError`] when it is not of the form shown in the module's doc.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_testkit::mutation::Mutation;
    ///
    /// let patch = "# law: time::a  test: cargo test --test time a\ndiff --git ...";
    /// let mutation = Mutation::parse(patch)?;
    /// assert_eq!(mutation.law, "time::a");
    /// assert_eq!(mutation.cargo_args, ["test", "--test", "time", "a"]);
    /// assert!(Mutation::parse("diff --git ...").is_err());
    /// # Ok::<(), weir_testkit::mutation::HeaderError>(())
    /// ```
    pub fn parse(patch: &str) -> Result<Self, HeaderError> {
        let line = patch.lines().next().unwrap_or("");
        let parts = line.strip_prefix("# law: ").and_then(|rest| rest.split_once("test: cargo "));
        let (law, args) = parts.ok_or(HeaderError)?;
        let law = law.trim().to_owned();
        let cargo_args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        if !law.contains("::") || cargo_args.first().is_none_or(|arg| arg != "test") {
            return Err(HeaderError);
        }
        Ok(Self { law, cargo_args })
    }
}

/// Why a patch is no mutation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeaderError;

impl std::error::Error for HeaderError {}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its first line is not `# law: ROOM::LAW  test: cargo test ...`")
    }
}
