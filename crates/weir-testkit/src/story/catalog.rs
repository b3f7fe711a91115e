//! Which catalogs are tried? Small ones, whose limits are met often.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::definition::{
    AcceptanceDefinition, CapacityDefinition, ChargeDefinition, ConversionDefinition,
    DenialDefinition, FeatureDefinition, LimitDefinition, PackageDefinition, PlanDefinition,
    PrecedenceDefinition, PriceDefinition, RememberDefinition, SettleDefinition, WalletDefinition,
    WindowDefinition,
};
use weir_core::catalog::{
    ApartBy, AtBound, ChargeOn, Definition, FundsFirst, GiveBack, KeySpace, Kind, Late, Negative,
    OnMismatch, OnRepeat, Overage, Refusal, RememberAt,
};
use weir_core::grant::{Burn, By, Direction, Grain, Key};
use weir_core::id::{LimitId, Name};
use weir_core::limit::{Enforcement, OnShortfall};
use weir_core::meter::{Aggregation, Applied, Life};
use weir_core::price::Tier;
use weir_core::time::Span;

use super::Flavour;
use super::windows::window;
use crate::ledger_model::{Model, slides};

/// What stays the same in all catalogs of a history: how features are metered, and what a limit of
/// a name counts.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    flavour: Flavour,
    features: Vec<FeatureDefinition>,
    limits: Vec<Limit>,
}

#[derive(Clone, Debug)]
struct Limit {
    feature: &'static str,
    counts: Counts,
    window: WindowDefinition,
    burn: Burn,
}

/// What a feature's meter keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counts {
    /// It is a gate.
    Nothing,
    /// What is used, so that a window may slide.
    Use,
    /// A number of its own.
    Number,
}

impl Counts {
    fn of(feature: &FeatureDefinition) -> Self {
        let sums = matches!(feature.aggregation, Aggregation::Count | Aggregation::Sum);
        let each = feature.convert.is_none_or(|convert| convert.apply == Applied::PerEvent);
        match feature.kind {
            Kind::Switch | Kind::Value => Self::Nothing,
            Kind::Metered if sums && each && feature.life == Life::Window => Self::Use,
            Kind::Metered => Self::Number,
        }
    }
}

impl Shape {
    pub(super) fn new(flavour: Flavour, u: &mut Unstructured<'_>) -> Result<Self> {
        let mut features = vec![FeatureDefinition::default()];
        for _ in FEATURES.iter().skip(2) {
            let aggregation = *u.choose(&[
                Aggregation::Sum,
                Aggregation::Count,
                Aggregation::Max,
                Aggregation::Min,
                Aggregation::Latest,
                Aggregation::UniqueCount(1),
                Aggregation::UniqueCount(3),
                Aggregation::UniqueCount(1_000),
            ])?;
            let life = *u.choose(&[Life::Window, Life::Window, Life::Lifetime])?;
            let mut convert = if u.ratio(1, 3)? { Some(conversion(u)?) } else { None };
            if let (Aggregation::UniqueCount(_), Some(convert)) = (aggregation, &mut convert) {
                convert.apply = Applied::AfterAggregation; // who it was is not converted
            }
            let sold =
                FeatureDefinition { aggregation, convert, life, ..FeatureDefinition::default() };
            let kind = *u.choose(&[Kind::Switch, Kind::Value])?;
            let gate = FeatureDefinition { kind, ..FeatureDefinition::default() };
            features.push(if u.ratio(1, 12)? { gate } else { sold });
        }
        features.push(unit(&features, u)?);
        let mut limits = Vec::new();
        for (at, _) in LIMITS.iter().enumerate() {
            let place = at % FEATURES.len();
            let feature = FEATURES.get(place).copied().unwrap_or_default();
            let counts = features.get(place).map_or(Counts::Use, Counts::of);
            let (window, burn) = (window(counts, u)?, burn(u)?);
            limits.push(Limit { feature, counts, window, burn });
        }
        Ok(Self { flavour, features, limits })
    }

    /// The order in which a limit's grants are drawn.
    pub(super) fn burn(&self, limit: LimitId, model: &Model) -> Burn {
        let mut all = LIMITS.iter().zip(&self.limits);
        all.find(|(name, _)| model.limit(name) == Some(limit))
            .map_or(Burn::STANDARD, |(_, limit)| limit.burn)
    }

    pub(super) fn definition(&self, u: &mut Unstructured<'_>) -> Result<Definition> {
        let mut plans = BTreeMap::new();
        for plan in PLANS {
            let mut limits = BTreeMap::new();
            for (name, limit) in LIMITS.iter().zip(&self.limits) {
                if u.ratio(4, 5)? {
                    limits.insert(named(name), self.limit(limit, u)?);
                }
            }
            // A plan that goes away, now and then, keeps its index.
            if u.ratio(19, 20)? {
                plans.insert(named(plan), PlanDefinition { limits });
            }
        }
        let features = FEATURES.iter().map(|name| named(name)).zip(self.features.iter().cloned());
        let wallets = WALLETS.iter().map(|name| (named(name), WalletDefinition::default()));
        let max_age = *u.choose(&[Some(2 * HOUR), Some(50 * DAY), Some(50 * DAY), None])?;
        let ahead =
            *u.choose(&[None, Some(0), Some(4_000), Some(4_000), Some(HOUR), Some(HOUR)])?;
        let acceptance =
            AcceptanceDefinition { max_age: max_age.map(span), max_ahead: ahead.map(span) };
        let remember = match max_age.zip(ahead) {
            Some((age, ahead)) if u.ratio(11, 12)? => self.remember(age + ahead, u)?,
            _ => None,
        };
        Ok(Definition {
            acceptance,
            features: features.collect(),
            plans,
            precedence: PrecedenceDefinition {
                funds_first: *u.choose(&[FundsFirst::Off, FundsFirst::EmptyBeforeLimits])?,
            },
            remember,
            wallets: wallets.collect(),
            ..Definition::default()
        })
    }

    fn limit(&self, limit: &Limit, u: &mut Unstructured<'_>) -> Result<LimitDefinition> {
        let amount = Quantity::from_nanos(
            1_000_000_000 * u.int_in_range(0..=12_i128)? + *u.choose(&[0, 0, 0, 1])?,
        );
        // Now and then a limit counts by another window than it did.
        let window = if u.ratio(1, 16)? { window(limit.counts, u)? } else { limit.window.clone() };
        let slides = slides(&window);
        let slots = Quantity::from_units(u.int_in_range(0..=2)?); // they are met all at once
        let amount = if window == WindowDefinition::InFlight { slots } else { amount };
        let charge = if u.ratio(1, 3)? { Some(self.charge(u)?) } else { None };
        let capacity = match u.int_in_range(0..=9_u8)? {
            7.. if window == WindowDefinition::PerRequest => {
                CapacityDefinition::Granted(limit.burn)
            }
            5 | 7.. if slides => CapacityDefinition::Live(amount),
            0..=4 => CapacityDefinition::Live(amount),
            5 => CapacityDefinition::AtRoll(amount),
            6 => CapacityDefinition::Unlimited,
            _ => CapacityDefinition::Granted(limit.burn),
        };
        let granted = matches!(capacity, CapacityDefinition::Granted(_));
        let recorded = *u.choose(&[Overage::Apart, Overage::First, Overage::Last])?;
        let kept = u.ratio(1, 4)? && !slides;
        let owed = if kept { Overage::Kept } else { Overage::Owed };
        let overage = if granted && !slides && u.ratio(1, 3)? { recorded } else { owed };
        let late = *u.choose(&[Late::Reject, Late::Reject, Late::Now])?;
        let give_back = *u.choose(&[GiveBack::Reverse, GiveBack::BurnOrder, GiveBack::None])?;
        let warn_at = if slides { Vec::new() } else { warnings(u)? };
        let mut on_shortfall = self.wishes(limit, u)?;
        on_shortfall.retain(|wish| !slides || *wish == OnShortfall::Reject);
        Ok(LimitDefinition {
            capacity,
            charge: charge.filter(|_| !slides),
            enforcement: match self.enforcement(limit, u)? {
                soft @ (Enforcement::Hard | Enforcement::Soft) => soft,
                _ if slides => Enforcement::Hard,
                other => other,
            },
            feature: named(limit.feature),
            grace: span(*u.choose(&[0, 0, 1_500, HOUR, 2 * DAY])? * i64::from(!slides)),
            refusal: *u.choose(&[Refusal::LimitExceeded, Refusal::RateLimited])?,
            settle: SettleDefinition { give_back, late, on_shortfall, overage, warn_at },
            window,
        })
    }

    /// Whether parts of what a limit counts can be taken.
    fn adds_up(&self, limit: &Limit) -> bool {
        let place = FEATURES.iter().position(|name| *name == limit.feature);
        let feature = place.and_then(|place| self.features.get(place));
        feature.is_some_and(|f| {
            (f.aggregation, f.life) == (Aggregation::Sum, Life::Window)
                && (f.convert.is_none() && f.rates.is_empty())
        })
    }

    fn wishes(&self, limit: &Limit, u: &mut Unstructured<'_>) -> Result<Vec<OnShortfall>> {
        let mut wishes = Vec::new();
        for wish in [OnShortfall::Clamp, OnShortfall::Reject] {
            let fits = wish != OnShortfall::Clamp || self.adds_up(limit);
            if u.ratio(1, 2)? && fits {
                wishes.push(wish);
            }
        }
        Ok(wishes)
    }

    fn enforcement(&self, limit: &Limit, u: &mut Unstructured<'_>) -> Result<Enforcement> {
        Ok(match u.int_in_range(0..=15_u8)? {
            0..=6 => Enforcement::Hard,
            7..=9 => Enforcement::Soft,
            10..=11 => Enforcement::LastCall,
            12 => Enforcement::Capped(Quantity::from_units(u.int_in_range(0..=4)?)),
            13 => Enforcement::Shadow,
            _ if self.adds_up(limit) => Enforcement::Clamp,
            _ => Enforcement::Hard,
        })
    }

    fn charge(&self, u: &mut Unstructured<'_>) -> Result<ChargeDefinition> {
        let told = self.flavour != Flavour::Paid && u.ratio(1, 4)?;
        let wallet = if told { None } else { Some(named(u.choose(WALLETS)?)) };
        Ok(ChargeDefinition {
            digits: *u.choose(&[0, 2, 8, 9])?,
            negative: *u.choose(&[Negative::GiveBack, Negative::GiveBack, Negative::Zero])?,
            on: *u.choose(&[ChargeOn::All, ChargeOn::All, ChargeOn::Overage])?,
            price: price(u)?,
            rounding: *u.choose(&[Rounding::HalfEven, Rounding::Up, Rounding::Down])?,
            wallet,
        })
    }

    fn remember(
        &self,
        longest: i64,
        u: &mut Unstructured<'_>,
    ) -> Result<Option<RememberDefinition>> {
        let max = if u.ratio(1, 6)? { u.int_in_range(2..=9)? } else { 1_000 };
        let apart = self.flavour == Flavour::Apart;
        let mut denials = Vec::new();
        for kind in [DenialDefinition::Funds, DenialDefinition::Limits, DenialDefinition::Window] {
            if u.ratio(1, 2)? {
                denials.push(kind);
            }
        }
        let remember = RememberDefinition {
            at: *u.choose(&[
                RememberAt::AfterRoute,
                RememberAt::AfterTime,
                RememberAt::AfterMeasure,
            ])?,
            denials,
            at_bound: *u.choose(&[AtBound::DedupFull, AtBound::OldestGoes])?,
            key_space: KeySpace {
                level: *u.choose(&[0, 0, 0, 0, 1, 2, 7])?,
                apart: *u.choose(&[
                    None,
                    None,
                    None,
                    Some(ApartBy::Balance),
                    Some(ApartBy::Environment),
                    Some(ApartBy::Feature),
                ])?,
            },
            // Answers past their time are forgotten oldest first, over all roots together.
            lifetime: span(if apart { 60 * DAY } else { longest + u.int_in_range(1..=HOUR)? }),
            max,
            on_mismatch: if u.ratio(1, 4)? { OnMismatch::Conflict } else { OnMismatch::Ignore },
            on_repeat: if u.ratio(1, 12)? { OnRepeat::Duplicate } else { OnRepeat::Replay },
        };
        let forgets = matches!(self.flavour, Flavour::Forgetful | Flavour::Paid);
        Ok(Some(remember).filter(|_| !forgets))
    }
}

/// A credit unit, in which some of the features that can have a rate have one.
fn unit(features: &[FeatureDefinition], u: &mut Unstructured<'_>) -> Result<FeatureDefinition> {
    let mut rates = BTreeMap::new();
    for (name, feature) in FEATURES.iter().zip(features) {
        if Counts::of(feature) == Counts::Use && u.ratio(1, 2)? {
            let rate = ConversionDefinition { apply: Applied::PerEvent, ..conversion(u)? };
            rates.insert(named(name), rate);
        }
    }
    Ok(FeatureDefinition { rates, ..FeatureDefinition::default() })
}

/// Factors that meet each other's steps often.
fn conversion(u: &mut Unstructured<'_>) -> Result<ConversionDefinition> {
    let nanos = |all: &[i128], u: &mut Unstructured<'_>| {
        u.choose(all).map(|nanos| Quantity::from_nanos(*nanos))
    };
    let whole = 1_000_000_000;
    Ok(ConversionDefinition {
        apply: *u.choose(&[Applied::PerEvent, Applied::PerEvent, Applied::AfterAggregation])?,
        divide: nanos(&[whole, whole, 2 * whole, 3 * whole, 1], u)?,
        minimum: nanos(&[0, 0, 0, whole, 1], u)?,
        multiply: nanos(&[whole, whole, whole / 2, 3 * whole, 1, 0], u)?,
        rounding: *u.choose(&[Rounding::Down, Rounding::HalfEven, Rounding::Up])?,
        step: nanos(&[1, 1, whole, whole, whole / 2, 2 * whole], u)?,
    })
}

/// No thresholds, or some.
fn warnings(u: &mut Unstructured<'_>) -> Result<Vec<u16>> {
    let all: &[&[u16]] = &[&[], &[], &[50], &[80, 100], &[100, 150, 33]];
    Ok(u.choose(all)?.to_vec())
}

/// A preset, or any keys.
fn burn(u: &mut Unstructured<'_>) -> Result<Burn> {
    if u.ratio(1, 2)? {
        return Ok(*u.choose(&[Burn::OPENMETER, Burn::STANDARD, Burn::UNPRICE])?);
    }
    let mut keys = Vec::new();
    for _ in 0..u.int_in_range(0..=Burn::KEYS_MAX)? {
        let by = *u.choose(&[
            By::Amount,
            By::Created,
            By::Effective,
            By::Expires,
            By::Id,
            By::Name,
            By::Priority,
        ])?;
        let direction = *u.choose(&[Direction::Ascending, Direction::Descending])?;
        let grains = [Grain::Day, Grain::Hour, Grain::Millisecond, Grain::Minute, Grain::Second];
        keys.push(Key { by, direction, grain: *u.choose(&grains)? });
    }
    Ok(Burn::new(&keys).unwrap_or_default())
}

fn price(u: &mut Unstructured<'_>) -> Result<PriceDefinition> {
    Ok(match u.int_in_range(0..=10_u8)? {
        0..=5 => PriceDefinition::Unit(money(u)?),
        6 => PriceDefinition::Flat(money(u)?),
        7 => PriceDefinition::Package(PackageDefinition {
            price: money(u)?,
            size: Quantity::from_nanos(*u.choose(&[
                1_500_000_000,
                2_000_000_000,
                5_000_000_000,
            ])?),
        }),
        8 => PriceDefinition::Graduated(tiers(u)?),
        _ => PriceDefinition::Volume(tiers(u)?),
    })
}

/// One to three tiers, of few units each, that may become dearer or cheaper.
fn tiers(u: &mut Unstructured<'_>) -> Result<Vec<Tier>> {
    let (mut all, mut above) = (Vec::new(), 0);
    for left in (0..u.int_in_range(1..=3)?).rev() {
        let end = above + *u.choose(&[1, 1_000_000_000, 3_000_000_000, 4_500_000_000])?;
        let flat = if u.ratio(1, 4)? { money(u)? } else { Quantity::ZERO };
        let to = (left > 0).then(|| Quantity::from_nanos(end));
        all.push(Tier { above: Quantity::from_nanos(above), flat, to, unit: money(u)? });
        above = end;
    }
    Ok(all)
}

fn money(u: &mut Unstructured<'_>) -> Result<Quantity> {
    let nanos = *u.choose(&[0, 1, 5_000_000, 333_333_333, 500_000_000, 1_000_000_000])?;
    Ok(Quantity::from_nanos(nanos))
}

#[expect(clippy::expect_used, reason = "the names are constants, and each is used")]
fn named(name: &str) -> Name {
    Name::parse(name).expect("a constant name")
}

pub(super) fn span(ms: i64) -> Span {
    Span::from_millis(ms).unwrap_or(Span::ZERO)
}

pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;
const FEATURES: &[&str] = &["calls", "seats", "tokens", "units"];
pub(super) const LIMITS: &[&str] = &["a", "b", "c", "d", "e", "f"];
pub(super) const PLANS: &[&str] = &["free", "plus", "team"];
const WALLETS: &[&str] = &["cash", "credits"];
