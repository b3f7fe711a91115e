//! Can this limit slide? What is wrong with a window that has no periods, and with what needs some.

use alloc::format;

use super::compile::Compiler;
use super::definition::{CapacityDefinition, LimitDefinition};
use super::terms::{Counted, Kind, Overage};
use super::windows::LONGER;
use crate::amount::Quantity;
use crate::limit::{Enforcement, OnShortfall};
use crate::time::Span;
use crate::window::{Continuous, Rolling, Window};

impl Compiler<'_> {
    pub(super) fn rolling(&mut self, at: &str, rolling: Rolling) -> Window {
        let Rolling { span, buckets } = rolling;
        let most = Rolling::BUCKETS_MAX;
        if span == Span::ZERO {
            self.fault(format!("{at}/span"), "catalog.zero_span", LONGER);
        } else if buckets == 0 || buckets > most {
            let hint = format!("from 1 to {most}");
            self.fault(format!("{at}/buckets"), "catalog.rolling_buckets", hint);
        } else if span.as_millis().checked_rem(buckets.into()) != Some(0) {
            let hint = "so many buckets are not each whole milliseconds of the span";
            self.fault(format!("{at}/buckets"), "catalog.rolling_uneven", hint);
        }
        Window::Rolling(rolling)
    }

    pub(super) fn continuous(&mut self, at: &str, continuous: Continuous) -> Window {
        if !continuous.rate.is_positive() {
            let hint = "more than nothing comes back";
            self.fault(format!("{at}/rate"), "catalog.continuous_rate", hint);
        }
        if continuous.per == Span::ZERO {
            self.fault(format!("{at}/per"), "catalog.zero_span", LONGER);
        }
        Window::Continuous(continuous)
    }

    /// What a window without periods cannot be joined with.
    pub(super) fn slides(
        &mut self,
        at: &str,
        definition: &LimitDefinition,
        (window, counted): (Window, Option<&Counted>),
    ) {
        let gate = counted.is_some_and(|counted| counted.kind != Kind::Metered);
        if gate && window != Window::PerRequest {
            let hint = "`per_request`: of a switch or a value nothing is taken";
            self.fault(format!("{at}/window"), "catalog.gate_window", hint);
        }
        if !window.slides() {
            return;
        }
        match definition.capacity {
            CapacityDefinition::Granted(_) if window == Window::PerRequest => {}
            CapacityDefinition::AtRoll(_) | CapacityDefinition::Granted(_) => {
                let hint = "a number or `unlimited`; grants and `at_roll` need periods";
                self.fault(format!("{at}/capacity"), "catalog.window_capacity", hint);
            }
            CapacityDefinition::Live(amount) => self.measures(at, window, amount),
            CapacityDefinition::Unlimited => {}
        }
        if definition.charge.is_some() {
            let hint =
                "what comes back cannot be priced; charge a limit beside it that has periods";
            self.fault(format!("{at}/charge"), "catalog.window_charge", hint);
        }
        if !matches!(definition.enforcement, Enforcement::Hard | Enforcement::Soft) {
            let hint = "hard or soft; the others need periods";
            self.fault(format!("{at}/enforcement"), "catalog.window_enforcement", hint);
        }
        if definition.settle.on_shortfall.contains(&OnShortfall::Clamp) {
            let hint = "`reject` only; what is clamped needs periods";
            self.fault(format!("{at}/settle/on_shortfall"), "catalog.window_enforcement", hint);
        }
        if definition.grace != Span::ZERO {
            let hint = "it counts at the instant of the decision, for which nothing is late";
            self.fault(format!("{at}/grace"), "catalog.window_grace", hint);
        }
        if definition.settle.overage != Overage::Owed {
            let hint = "nothing is kept of what is over";
            self.fault(format!("{at}/settle/overage"), "catalog.overage_unused", hint);
        }
        if !definition.settle.warn_at.is_empty() {
            let hint = "what is told once in a period needs periods";
            self.fault(format!("{at}/settle/warn_at"), "catalog.warn_at", hint);
        }
        if counted.is_some_and(|counted| counted.meter.keeps_reading()) {
            let hint = "only sums and counts of a window come back bit by bit";
            self.fault(format!("{at}/window"), "catalog.window_meter", hint);
        }
    }

    /// Whether all that may be out at once can be counted to its last part.
    fn measures(&mut self, at: &str, window: Window, capacity: Quantity) {
        if let Window::Continuous(continuous) = window
            && continuous.parts(capacity).is_none()
        {
            let hint = "this capacity, in parts of a nano-unit for each millisecond, is no number";
            self.fault(format!("{at}/capacity"), "catalog.continuous_too_large", hint);
        }
    }
}
