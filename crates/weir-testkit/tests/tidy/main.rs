//! Is the house in order? What the compiler and clippy do not check, checked over the whole tree.
//!
//! The idea is TigerBeetle's. A check takes a [`Tree`] and says what is wrong with it, one line a
//! finding; each is also run over a small tree that has the fault, so that none can pass by finding
//! nothing to look at.

#[cfg(test)]
mod files;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod text;
#[cfg(test)]
mod tree;

#[cfg(test)]
use tree::Tree;

/// Asserts that a check finds nothing in the repository.
#[cfg(test)]
fn assert_clean(check: fn(&Tree) -> Vec<String>) {
    let findings = check(&Tree::of_repository());
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// Asserts that a check finds exactly these faults, each named by a part of its finding.
#[cfg(test)]
fn assert_finds(check: fn(&Tree) -> Vec<String>, files: &[(&str, &str)], faults: &[&str]) {
    let findings = check(&Tree::with(files));
    assert_eq!(findings.len(), faults.len(), "{findings:#?}");
    for (finding, fault) in findings.iter().zip(faults) {
        assert!(finding.contains(fault), "`{finding}` does not say `{fault}`");
    }
}
