//! How is the outcome of a run shown? A table by plan and a bar chart over time, as text.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};
use weir_core::time::Timestamp;

use crate::tally::{PlanTally, Slice, Tally, Timeline};

/// Whether text carries colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ink {
    /// For a terminal.
    Colour,
    /// For a file, a pipe, or a user who set `NO_COLOR`.
    Plain,
}

impl Ink {
    /// What standard output wants.
    pub(crate) fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        if terminal && !refused { Self::Colour } else { Self::Plain }
    }

    fn paint(self, text: String, code: u8) -> String {
        match self {
            Self::Colour if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Colour | Self::Plain => text,
        }
    }
}

/// The table: a row a plan, then all plans together; a column for each reason that was given.
pub(crate) fn table(tally: &Tally) -> String {
    let total = tally.total();
    let reasons: Vec<&str> = total.denied.keys().copied().collect();
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let header = ["plan", "customers", "admitted"].into_iter().chain(reasons.iter().copied());
    table.set_header(header.chain(["tokens", "charged USD"]));
    for plan in tally.plans.iter().chain([&total]) {
        table.add_row(row(plan, &reasons));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn row(plan: &PlanTally, reasons: &[&str]) -> Vec<Cell> {
    let denied = reasons.iter().map(|code| plan.denied.get(code).copied().unwrap_or_default());
    let counts = [plan.customers, plan.admitted].into_iter().chain(denied);
    let mut cells = vec![Cell::new(&plan.name)];
    cells.extend(counts.map(|count| Cell::new(grouped(&count.to_string()))));
    cells.extend([plan.tokens, plan.charged].map(|sum| Cell::new(grouped(&sum.to_string()))));
    cells
}

/// The chart: a row a slice of time, a bar of what was admitted with what was denied at its end.
pub(crate) fn chart(timeline: &Timeline, ink: Ink) -> String {
    let highest = timeline.rows().map(|(_, slice)| all(slice)).max().unwrap_or_default();
    let mut lines = vec![format!(
        "{:<START_WIDTH$}  {} admitted  {} denied",
        "from (UTC)",
        ink.paint(ADMITTED.into(), GREEN),
        ink.paint(DENIED.into(), RED),
    )];
    for (start, slice) in timeline.rows() {
        // What there is shows, however little it is.
        let seen = usize::from(slice.admitted > 0);
        let denied = cells(slice.denied, highest).min(BAR_WIDTH.saturating_sub(seen));
        let admitted = cells(all(slice), highest).saturating_sub(denied).max(seen);
        lines.push(format!(
            "{}  {}{}{}  {} / {}",
            second(start),
            ink.paint(ADMITTED.repeat(admitted), GREEN),
            ink.paint(DENIED.repeat(denied), RED),
            " ".repeat(BAR_WIDTH.saturating_sub(admitted).saturating_sub(denied)),
            grouped(&slice.admitted.to_string()),
            grouped(&slice.denied.to_string()),
        ));
    }
    lines.join("\n")
}

/// How many cells of a bar stand for `count`: at least one for anything.
fn cells(count: u64, highest: u64) -> usize {
    let product = u128::from(count).saturating_mul(BAR_WIDTH as u128);
    let cells = product.checked_div(u128::from(highest)).unwrap_or_default();
    usize::try_from(cells).unwrap_or(BAR_WIDTH).max(usize::from(count > 0))
}

fn all(slice: Slice) -> u64 {
    slice.admitted.saturating_add(slice.denied)
}

/// `2026-01-01 00:00:00`.
fn second(at: Timestamp) -> String {
    at.to_string().replacen('T', " ", 1).chars().take(START_WIDTH).collect()
}

/// `1234567.5` as `1,234,567.5`.
pub(crate) fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
    let mut text = String::with_capacity(number.len().saturating_mul(2));
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(index);
        if left.is_multiple_of(3) && text.ends_with(|last: char| last.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

const ADMITTED: &str = "█";
const BAR_WIDTH: usize = 48;
const DENIED: &str = "░";
const GREEN: u8 = 32;
const RED: u8 = 31;
const START_WIDTH: usize = 19;

#[cfg(test)]
mod tests {
    use weir_core::amount::Quantity;

    use super::*;
    use crate::tally::Outcome;

    fn tally() -> Tally {
        let mut tally = Tally::new(["free", "pro"]);
        let at = |hour: i64| Timestamp::from_millis(1_767_225_600_000 + hour * 3_600_000).unwrap();
        let charged = Quantity::from_nanos(1_500_000);
        let paid = Outcome::Admitted { tokens: Quantity::from_units(1_234), charged };
        tally.customer(0);
        tally.customer(1);
        (0..7).for_each(|_| tally.decision(1, at(0), paid));
        (0..5).for_each(|_| tally.decision(0, at(2), Outcome::Denied("limit_exceeded")));
        tally.decision(1, at(2), Outcome::Denied("out_of_credit"));
        tally.decision(1, at(25), paid);
        tally
    }

    #[test]
    fn the_table_has_a_row_a_plan_and_a_column_a_reason() {
        let expected = "\
┌──────┬───────────┬──────────┬────────────────┬───────────────┬────────┬─────────────┐
│ plan ┆ customers ┆ admitted ┆ limit_exceeded ┆ out_of_credit ┆ tokens ┆ charged USD │
╞══════╪═══════════╪══════════╪════════════════╪═══════════════╪════════╪═════════════╡
│ free ┆         1 ┆        0 ┆              5 ┆             0 ┆      0 ┆           0 │
│ pro  ┆         1 ┆        8 ┆              0 ┆             1 ┆  9,872 ┆       0.012 │
│ all  ┆         2 ┆        8 ┆              5 ┆             1 ┆  9,872 ┆       0.012 │
└──────┴───────────┴──────────┴────────────────┴───────────────┴────────┴─────────────┘";
        assert_eq!(table(&tally()), expected);
    }

    #[test]
    fn the_chart_shows_each_slice_by_its_share_of_the_highest() {
        let shown = chart(&tally().timeline, Ink::Plain);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 1 + 26, "a title and a row an hour");
        let row = |start, bar: &str, counts| format!("2026-01-01 {start}  {bar:<48}  {counts}");
        assert_eq!(lines[1], row("00:00:00", &"█".repeat(48), "7 / 0"));
        assert_eq!(lines[2], row("01:00:00", "", "0 / 0"));
        assert_eq!(lines[3], row("02:00:00", &"░".repeat(41), "0 / 6"));
        assert!(!shown.contains('\x1b'));
        assert!(chart(&tally().timeline, Ink::Colour).contains("\x1b[32m█"));
    }

    #[test]
    fn digits_stand_in_threes() {
        let cases =
            [("0", "0"), ("123", "123"), ("-1234", "-1,234"), ("1234567.25", "1,234,567.25")];
        assert!(cases.iter().all(|(number, text)| grouped(number) == *text));
    }
}
