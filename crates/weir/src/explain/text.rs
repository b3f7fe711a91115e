//! How is a trace told to a person? A table, a row a limit, and a line for what decided.

use core::fmt;

use weir_core::amount::Quantity;
use weir_core::decide::{Binding, Outcome, Retry};
use weir_core::limit::{Fit, UNLIMITED};
use weir_core::window::Period;

use super::form::{said, warning};
use super::{Asked, Closed, Decider, Drawn, Trace, Weighed};

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = &self.verdict;
        match verdict.outcome {
            Outcome::Allowed => f.write_str("allowed")?,
            Outcome::Denied(reason) => {
                write!(f, "denied: {} at the stage {}", reason.code(), reason.stage().code())?;
            }
        }
        if let Some(Decider { scope, limit }) = &self.decided_by {
            let of = if verdict.is_allowed() { "tightest" } else { "refused by" };
            write!(f, ", {of} {limit} of {scope}")?;
        }
        writeln!(f)?;
        if verdict.flags.shadow_denied {
            writeln!(f, "a limit that only watches would have denied it")?;
        }
        if verdict.flags.replayed {
            writeln!(f, "the answer given before, under the same key")?;
        }
        writeln!(f, "decided at {} under catalog {}", self.now, verdict.catalog.0)?;
        let passed: Vec<_> = self.passed.iter().map(|stage| stage.code()).collect();
        writeln!(f, "passed  {}", if passed.is_empty() { "-".into() } else { passed.join(", ") })?;
        if !self.limits.is_empty() {
            writeln!(f)?;
            table(f, &self.limits)?;
        }
        self.draws(f)?;
        self.warnings(f)?;
        self.wallets.iter().try_for_each(|asked| wallet(f, asked))?;
        for Closed { scope, limit, grant, end } in &self.closed {
            let of = grant.as_deref().unwrap_or("the plan");
            writeln!(f, "forgets {limit} of {scope}, {of}: the period ended at {end}")?;
        }
        match verdict.retry {
            Retry::At(at) => writeln!(f, "passes at {at}"),
            Retry::Never => writeln!(f, "never passes"),
            Retry::NotComputed => writeln!(f, "when it passes is not known"),
            Retry::Now => Ok(()),
        }
    }
}

impl Trace {
    /// What each allowance gives; nothing of a request that does not go ahead.
    fn draws(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn = self.limits.iter().flat_map(|of| of.draws.iter().map(move |draw| (of, draw)));
        for (Weighed { scope, limit, .. }, draw) in drawn.filter(|_| self.verdict.is_allowed()) {
            let Drawn { grant, taken, used, cost } = draw;
            let from = grant.as_deref().unwrap_or("the plan");
            write!(f, "takes {taken} for {limit} of {scope} from {from}, used {used} then")?;
            match *cost {
                Quantity::ZERO => writeln!(f)?,
                cost => writeln!(f, ", costs {cost}")?,
            }
        }
        Ok(())
    }

    /// What limits tell of themselves.
    fn warnings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.limits.iter().flat_map(|of| of.warnings.iter().map(move |w| (of, *w)));
        for (Weighed { scope, limit, .. }, told) in told {
            writeln!(f, "warns of {limit} of {scope}: {}", warning(told))?;
        }
        Ok(())
    }
}

fn wallet(f: &mut fmt::Formatter<'_>, asked: &Asked) -> fmt::Result {
    let Asked { scope, wallet, amount, usable, lots } = asked;
    match Quantity::ZERO.checked_sub(*amount).filter(|back| back.is_positive()) {
        Some(back) => write!(f, "pays {back} back to {wallet} of {scope}")?,
        None => write!(f, "charges {amount} to {wallet} of {scope}, which can pay {usable}")?,
    }
    for (lot, left) in lots {
        write!(f, "; {left} left of {lot}")?;
    }
    writeln!(f)
}

/// The limits in columns: texts to the left, numbers to the right.
fn table(f: &mut fmt::Formatter<'_>, limits: &[Weighed]) -> fmt::Result {
    let rows: Vec<[String; COLUMNS]> = limits.iter().map(row).collect();
    let header = HEADER.map(str::to_owned);
    let widths: [usize; COLUMNS] = core::array::from_fn(|column| {
        let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    for row in [&header].into_iter().chain(&rows) {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let padded = match column {
                NUMBERS_FROM..NUMBERS_END => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            };
            line.push_str(&padded);
            line.push_str("  ");
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    writeln!(f)
}

fn row(weighed: &Weighed) -> [String; COLUMNS] {
    let Weighed { scope, limit, window, binding, outcome, .. } = weighed;
    let resets = match binding.resets_at {
        Period::NEVER => "never".to_owned(),
        end => end.to_string(),
    };
    [
        scope.clone(),
        limit.clone(),
        (*window).to_owned(),
        number(binding.used),
        number(binding.held),
        number(binding.asked),
        number(binding.capacity),
        binding.left().map_or_else(|| "no end".to_owned(), number),
        resets,
        says(binding, *outcome),
    ]
}

/// What a limit says, and what it makes of an ask that does not fit.
fn says(binding: &Binding, outcome: Outcome) -> String {
    let said = said(outcome);
    match binding.of.fit {
        Fit::Over => format!("{said}, {} over", binding.overage()),
        Fit::Shadowed => format!("{said}, only watched"),
        Fit::Clamped | Fit::Within if binding.taken != binding.asked => {
            format!("{said}, {} of it", binding.taken)
        }
        Fit::Clamped | Fit::Refused | Fit::Within => said.to_owned(),
    }
}

fn number(quantity: Quantity) -> String {
    if quantity == UNLIMITED { "no end".to_owned() } else { quantity.to_string() }
}

const COLUMNS: usize = 10;
const HEADER: [&str; COLUMNS] =
    ["scope", "limit", "window", "used", "held", "asked", "of", "left", "resets", "says"];
const NUMBERS_FROM: usize = 3;
const NUMBERS_END: usize = 8;
