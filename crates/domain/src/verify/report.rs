//! What verify was asked and what it found.

use serde::Serialize;

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names of checks or areas (`ledger.balances`, `ledger`); empty for all.
    pub only: Vec<String>,
    /// Look at everything where otherwise a sample is taken: every code, every text, every page of the file.
    pub full: bool,
}

/// What every check found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order in which they ran.
    pub checks: Vec<CheckReport>,
}

/// What one check found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Its name.
    pub name: &'static str,
    /// How many rows were looked at.
    pub checked: i64,
    /// How many violations there are.
    pub total: i64,
    /// The first of them.
    pub violations: Vec<Violation>,
}

/// One thing that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The merchant's number; 0 where it is nobody's in particular.
    pub merchant: i64,
    /// What it is about: a public id where there is one.
    pub subject: String,
    /// What is wrong with it; never a code.
    pub detail: String,
}

impl Report {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.total == 0)
    }

    /// The names of the checks that found something.
    #[must_use]
    pub fn violated(&self) -> Vec<&'static str> {
        self.checks.iter().filter(|check| check.total > 0).map(|check| check.name).collect()
    }
}
