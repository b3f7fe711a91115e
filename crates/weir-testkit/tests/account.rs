//! The laws of `weir_core::account`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use weir_core::account::{Accounts, LimitReading, Status};
use weir_core::amount::Quantity;
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::hash::HashKey;
use weir_core::id::{CatalogVersion, LimitId, PlanId, ScopeId, ScopeName, WalletId};
use weir_core::limit::{Balance, Source, UNLIMITED};
use weir_core::meter::Reading;
use weir_core::time::Timestamp;
use weir_core::wallet::{Kind, Lot};
use weir_core::window::Period;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn same_as_maps(
        steps in proptest::collection::vec(step(), 0..40).prop_map(named),
        unprice in any::<bool>(),
        words in any::<[[u64; 2]; 2]>(),
    ) {
        let burn = if unprice { Burn::UNPRICE } else { Burn::STANDARD };
        let mut model = Model { burn, ..Model::default() };
        // Under two keys: where a table puts a name must never show.
        let mut both = words.map(|key| Accounts::new(HashKey::new(key)));
        for step in steps {
            let done = model.take(&step);
            for accounts in &mut both {
                prop_assert_eq!(take(accounts, &step, burn, done), done, "{:?}", step);
            }
            for accounts in &both {
                same(accounts, &model)?;
            }
        }
        for accounts in &both {
            same(&pushed_anew(accounts), &model)?;
        }
    }
}

/// One change of the accounts. A scope is a number that may not have been given out.
#[derive(Clone, Debug)]
enum Step {
    Open(Option<u32>, &'static str, i64),
    Put(u32, Balance),
    Forget(u32, (LimitId, Source, Timestamp)),
    Read(u32, LimitReading),
    Member(u32, (LimitId, Timestamp), Quantity),
    Grant(u32, Grant),
    Lot(u32, Lot),
    SetLot(u32, u16, Quantity),
    Plan(u32, Option<PlanId>),
    Status(u32, Status),
    Anchor(u32, Timestamp),
}

/// Does a step; tells whether it found its place. Only a name that is new may be opened, so
/// whether one is comes from the model.
fn take(accounts: &mut Accounts, step: &Step, burn: Burn, new: bool) -> bool {
    let there = |scope: &u32| accounts.get(ScopeId(*scope)).is_some();
    match step.clone() {
        Step::Open(parent, name, anchor) => {
            let name = ScopeName::parse(name).unwrap();
            new && accounts.open(parent.map(ScopeId), name, instant(anchor)).is_some()
        }
        Step::Put(scope, balance) => accounts.put(ScopeId(scope), balance),
        Step::Member(scope, period, member) => accounts.add_member(ScopeId(scope), period, member),
        Step::Read(scope, reading) => accounts.put_reading(ScopeId(scope), reading),
        Step::Grant(scope, grant) => accounts.add_grant(ScopeId(scope), grant, burn),
        Step::Lot(scope, lot) => accounts.add_lot(ScopeId(scope), lot),
        Step::SetLot(scope, position, left) => accounts.set_lot(ScopeId(scope), position, left),
        Step::Forget(scope, key) => {
            let there = there(&scope);
            accounts.forget(ScopeId(scope), key);
            there
        }
        Step::Plan(scope, plan) => {
            let there = there(&scope);
            accounts.set_plan(ScopeId(scope), plan);
            there
        }
        Step::Status(scope, status) => {
            let there = there(&scope);
            accounts.set_status(ScopeId(scope), status);
            there
        }
        Step::Anchor(scope, anchor) => {
            let there = there(&scope);
            accounts.set_anchor(ScopeId(scope), anchor);
            there
        }
    }
}

/// Everything by ordered map, and every list sorted anew whenever it is read.
#[derive(Default)]
struct Model {
    scopes: Vec<Scope>,
    by_name: BTreeMap<(Option<u32>, &'static str), usize>,
    burn: Burn,
}

struct Scope {
    name: &'static str,
    parent: Option<u32>,
    plan: Option<PlanId>,
    status: Status,
    anchor: Timestamp,
    balances: BTreeMap<(LimitId, Source, Timestamp), Balance>,
    readings: BTreeMap<(LimitId, Timestamp), LimitReading>,
    members: BTreeMap<(LimitId, Timestamp), BTreeSet<Quantity>>,
    grants: Vec<Grant>,
    lots: Vec<Lot>,
}

impl Model {
    fn take(&mut self, step: &Step) -> bool {
        let burn = self.burn;
        match step.clone() {
            Step::Open(parent, name, anchor) => return self.open(parent, name, anchor),
            Step::Put(scope, balance) => self.at(scope, |scope| {
                scope.balances.insert(balance.key(), balance);
            }),
            Step::Forget(scope, key) => self.at(scope, |scope| {
                scope.balances.remove(&key);
                scope.readings.remove(&(key.0, key.2));
                scope.members.remove(&(key.0, key.2));
            }),
            Step::Member(scope, period, member) => self.at(scope, |scope| {
                scope.members.entry(period).or_default().insert(member);
            }),
            Step::Read(scope, reading) => self.at(scope, |scope| {
                scope.readings.insert((reading.limit, reading.window_end), reading);
            }),
            Step::Grant(scope, grant) => self.at(scope, |scope| {
                scope.grants.push(grant);
                sort_grants(&mut scope.grants, burn);
            }),
            Step::Lot(scope, lot) => self.at(scope, |scope| {
                scope.lots.push(lot);
                sort_lots(&mut scope.lots);
            }),
            Step::SetLot(scope, position, left) => {
                let lots = self.scopes.get_mut(scope as usize).map(|scope| &mut scope.lots);
                let lot = lots.and_then(|lots| lots.get_mut(usize::from(position)));
                lot.map(|lot| lot.left = left)
            }
            Step::Plan(scope, plan) => self.at(scope, |scope| {
                scope.plan = plan;
                for balance in scope.balances.values_mut() {
                    balance.generation = CatalogVersion(0);
                }
            }),
            Step::Status(scope, status) => self.at(scope, |scope| scope.status = status),
            // A balance that is of no generation stays so; any other is of one that never comes.
            Step::Anchor(scope, anchor) => self.at(scope, |scope| {
                scope.anchor = anchor;
                for balance in scope.balances.values_mut().filter(|b| b.generation.0 > 0) {
                    balance.generation = CatalogVersion(u32::MAX);
                }
            }),
        }
        .is_some()
    }

    fn at(&mut self, scope: u32, change: impl FnOnce(&mut Scope)) -> Option<()> {
        self.scopes.get_mut(scope as usize).map(change)
    }

    fn open(&mut self, parent: Option<u32>, name: &'static str, anchor: i64) -> bool {
        let there = parent.is_none_or(|parent| self.scopes.get(parent as usize).is_some());
        let new = there && !self.by_name.contains_key(&(parent, name));
        if new {
            self.by_name.insert((parent, name), self.scopes.len());
            self.scopes.push(Scope {
                name,
                parent,
                plan: None,
                status: Status::Active,
                anchor: instant(anchor),
                balances: BTreeMap::new(),
                readings: BTreeMap::new(),
                members: BTreeMap::new(),
                grants: Vec::new(),
                lots: Vec::new(),
            });
        }
        new
    }
}

/// In the words of `Burn`'s doc; the names here are plain, so that a dictionary has them in the
/// order of their bytes.
fn sort_grants(grants: &mut [Grant], burn: Burn) {
    if burn == Burn::UNPRICE {
        grants.sort_by_key(|g| (g.limit, Reverse(g.priority), g.expires, g.name.clone()));
    } else {
        grants.sort_by_key(|g| (g.limit, g.priority, g.expires, g.source, g.name.clone()));
    }
}

/// In the words of the wallet's doc.
fn sort_lots(lots: &mut [Lot]) {
    let paid = |lot: &Lot| lot.kind == Kind::Paid;
    lots.sort_by_key(|l| (paid(l), l.priority, l.expires, l.purchased, l.name.clone()));
}

/// Every look-up that there is, for every scope and for those that are not there.
fn same(accounts: &Accounts, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(accounts.len(), model.scopes.len());
    prop_assert_eq!(accounts.is_empty(), model.scopes.is_empty());
    for parent in parents() {
        for name in NAMES {
            let found = accounts.find(parent.map(ScopeId), name).map(|id| id.0 as usize);
            prop_assert_eq!(found, model.by_name.get(&(parent, name)).copied(), "{}", name);
        }
    }
    let beyond = ScopeId(u32::try_from(model.scopes.len()).unwrap());
    prop_assert!(accounts.get(beyond).is_none() && accounts.name(beyond).is_empty());
    for (id, scope) in (0..).map(ScopeId).zip(&model.scopes) {
        let account = accounts.get(id).unwrap();
        let (parent, status) = (scope.parent.map(ScopeId), scope.status);
        prop_assert_eq!(accounts.name(id), scope.name);
        prop_assert_eq!((account.parent(), account.plan()), (parent, scope.plan));
        let above = |id: &ScopeId| model.scopes.get(id.0 as usize)?.parent.map(ScopeId);
        prop_assert_eq!(Some(account.root()), std::iter::successors(Some(id), above).last());
        prop_assert_eq!((account.status(), account.anchor()), (status, scope.anchor));

        let mut balances: Vec<&Balance> = accounts.balances(account).collect();
        balances.sort_by_key(|balance| balance.key());
        prop_assert_eq!(balances, scope.balances.values().collect::<Vec<_>>());
        for limit in (0..3).map(LimitId) {
            for source in (0..3).map(Source) {
                let all = (limit, source, Timestamp::MIN)..=(limit, source, Timestamp::MAX);
                let latest = scope.balances.range(all).next_back().map(|(_, balance)| balance);
                prop_assert_eq!(accounts.latest(account, limit, source), latest);
            }
        }
        let readings: Vec<&LimitReading> = accounts.readings(account).collect();
        prop_assert_eq!(readings, scope.readings.values().collect::<Vec<_>>());
        let sets = scope.members.iter();
        let members =
            sets.flat_map(|(period, all)| all.iter().map(|one| (period.0, period.1, *one)));
        prop_assert!(accounts.members(id).eq(members), "members of {:?}", id);
        for period in scope.balances.keys().map(|key| (key.0, key.2)) {
            let of_period = scope.members.get(&period);
            for member in (-1..4).map(Quantity::from_nanos) {
                let is = of_period.is_some_and(|all| all.contains(&member));
                prop_assert_eq!(accounts.is_member(id, period, member), is);
            }
        }
        prop_assert!(accounts.grants(account).eq(&scope.grants), "grants of {:?}", id);
        prop_assert!(accounts.lots(account).eq(&scope.lots), "lots of {:?}", id);
        for (wallet, now) in [(0, 0), (0, 2), (1, 1), (1, 9)] {
            let lots = scope.lots.iter().filter(|lot| lot.wallet == WalletId(wallet));
            let unexpired = lots.filter(|lot| lot.expires > instant(now));
            let sum: i128 = unexpired.map(|lot| lot.left.as_nanos()).sum();
            let usable = accounts.usable(id, WalletId(wallet), instant(now));
            prop_assert_eq!(usable.as_nanos(), sum);
        }
    }
    Ok(())
}

/// The accounts built a second time, as from a snapshot: grants in the order in which they stand.
fn pushed_anew(accounts: &Accounts) -> Accounts {
    let mut anew = Accounts::new(HashKey::new([3, 4]));
    for id in (0..).map(ScopeId).take(accounts.len()) {
        let account = accounts.get(id).unwrap();
        let name = ScopeName::parse(accounts.name(id)).unwrap();
        assert_eq!(anew.open(account.parent(), name, account.anchor()), Some(id));
        anew.set_plan(id, account.plan());
        anew.set_status(id, account.status());
        assert!(accounts.balances(account).all(|balance| anew.put(id, *balance)));
        let mut members = accounts.members(id);
        assert!(members.all(|(limit, end, member)| anew.add_member(id, (limit, end), member)));
        assert!(accounts.readings(account).all(|reading| anew.put_reading(id, *reading)));
        assert!(accounts.grants(account).all(|grant| anew.push_grant(id, grant.clone())));
        assert!(accounts.lots(account).all(|lot| anew.add_lot(id, lot.clone())));
    }
    anew
}

/// Opening scopes whose names were chosen to meet in a weaker table costs what it costs with names
/// that nobody chose. The bound is twice; one more leaves room for a busy machine.
#[test]
fn chosen_names_cost_no_more() {
    // Seventeen times one of two pairs of letters: all of these names are one number where each
    // byte is added to 31 times the bytes before it.
    let pair = |bit: u32| if bit == 0 { "Aa" } else { "BB" };
    let pairs = names(|n| (0..17).map(|at| pair(n >> at & 1)).collect());
    let times_31 = |name: &str| {
        name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
    };
    assert!(pairs.iter().all(|name| times_31(name) == times_31(&pairs[0])));
    // One word of eight bytes, the low four alike: times an odd constant, the low 32 bits are too,
    // and those say where a name goes.
    let letter =
        |n: u32, at: u32| char::from(b'a' + u8::try_from(n / 18_u32.pow(at) % 18).unwrap());
    let words = names(|n| format!("user{}", (0..4).map(|at| letter(n, at)).collect::<String>()));
    let times_odd = |name: &str| {
        let word = u64::from_le_bytes(name.as_bytes().try_into().unwrap());
        word.wrapping_mul(0x517c_c1b7_2722_0a95) & 0xffff_ffff
    };
    assert!(words.iter().all(|name| times_odd(name) == times_odd(&words[0])));

    let scattered = |n: u32| u64::from(n) * 48_271 % 99_999_989;
    let (long, short) =
        (names(|n| format!("{:034}", scattered(n))), names(|n| format!("{:08}", scattered(n))));
    for _ in 0..3 {
        let [long, pairs, short, words] = [&long, &pairs, &short, &words].map(|n| fastest(n));
        println!("unchosen {long:?} and {short:?}, chosen {pairs:?} and {words:?}");
        if pairs < 3 * long && words < 3 * short {
            return;
        }
    }
    panic!("names that collide elsewhere are slow here");
}

fn names(name: impl Fn(u32) -> String) -> Vec<String> {
    let names: Vec<String> = (0..100_000).map(name).collect();
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), names.len());
    names
}

/// The shortest of five times to open a root scope for each name.
fn fastest(names: &[String]) -> Duration {
    let times = (0..5).map(|_| {
        let mut accounts = Accounts::new(HashKey::new([0x5eed, 0xfeed]));
        let start = Instant::now();
        for name in names {
            let opened = accounts.open(None, ScopeName::parse(name).unwrap(), Timestamp::EPOCH);
            assert!(opened.is_some());
        }
        start.elapsed()
    });
    times.min().unwrap()
}

#[test]
fn lots_past_the_range_pay_whatever_is_asked() {
    let mut accounts = Accounts::new(HashKey::new([1, 2]));
    let scope = accounts.open(None, ScopeName::parse("a").unwrap(), Timestamp::EPOCH).unwrap();
    for name in ["first", "second", "third"] {
        let left = Quantity::from_nanos(i128::MAX / 2);
        let lot = Lot {
            name: name.into(),
            wallet: WalletId(0),
            amount: left,
            left,
            kind: Kind::Paid,
            priority: 0,
            purchased: Timestamp::EPOCH,
            expires: Period::NEVER,
        };
        assert!(accounts.add_lot(scope, lot));
    }
    assert_eq!(accounts.usable(scope, WalletId(0), Timestamp::EPOCH), UNLIMITED);
    assert_eq!(accounts.usable(scope, WalletId(1), Timestamp::EPOCH), Quantity::ZERO);
}

/// Short names, names that just fit beside a balance or just do not, and the longest.
const NAMES: [&str; 6] = [
    "a",
    "b",
    "twenty-two-bytes-long.",
    "twenty-three-bytes-long",
    "twenty-four-bytes-long..",
    "the-longest-name-that-there-is-and-so-it-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-to-its-end-at-128-bytes",
];

/// Roots, and the scopes under the first two.
const fn parents() -> [Option<u32>; 3] {
    [None, Some(0), Some(1)]
}

fn step() -> impl Strategy<Value = Step> {
    let scope = || 0..3_u32;
    let limit = || (0..2_u16).prop_map(LimitId);
    let end = || (0..4_i64).prop_map(instant);
    let source = || (0..2_u16).prop_map(Source);
    let parent = proptest::sample::select(parents().to_vec());
    let balance = (limit(), source(), end(), 0..9_i64, 1..3_u32).prop_map(
        |(limit, source, window_end, used, version)| Balance {
            used: Quantity::from_units(used),
            window_end,
            generation: CatalogVersion(version),
            limit,
            source,
            ..Balance::VACANT
        },
    );
    let reading = (limit(), end(), 0..9_i64).prop_map(|(limit, window_end, value)| {
        let reading = Reading { value: Quantity::from_units(value), at: Timestamp::EPOCH };
        LimitReading { limit, reading, window_end }
    });
    let grant = (limit(), -1..2_i32, end()).prop_map(|(limit, priority, expires)| Grant {
        name: "".into(),
        limit,
        source: Source(0),
        amount: Quantity::from_units(1),
        priority,
        effective: Timestamp::EPOCH,
        expires,
        renewal: Renewal::DEFAULT,
    });
    let lot = (any::<[bool; 2]>(), -1..2_i32, (0..4_i64, 0..3_i64, 0..9_i64)).prop_map(
        |([wallet, paid], priority, (expires, purchased, left))| Lot {
            name: "".into(),
            wallet: WalletId(wallet.into()),
            kind: if paid { Kind::Paid } else { Kind::Promotional },
            priority,
            left: Quantity::from_units(left),
            amount: Quantity::from_units(9),
            expires: instant(expires),
            purchased: instant(purchased),
        },
    );
    let statuses = [Status::Active, Status::Blocked, Status::Cancelled, Status::Paused];
    let statuses = proptest::sample::select(statuses.to_vec());
    let left = (0..9_i64).prop_map(Quantity::from_units);
    prop_oneof![
        4 => (parent, proptest::sample::select(NAMES.to_vec()), 0..9_i64)
            .prop_map(|(parent, name, anchor)| Step::Open(parent, name, anchor)),
        8 => (scope(), balance).prop_map(|(scope, balance)| Step::Put(scope, balance)),
        3 => (scope(), (limit(), source(), end())).prop_map(|(scope, key)| Step::Forget(scope, key)),
        3 => (scope(), reading).prop_map(|(scope, reading)| Step::Read(scope, reading)),
        3 => (scope(), (limit(), end()), (-1..4_i128).prop_map(Quantity::from_nanos))
            .prop_map(|(scope, period, member)| Step::Member(scope, period, member)),
        4 => (scope(), grant).prop_map(|(scope, grant)| Step::Grant(scope, grant)),
        4 => (scope(), lot).prop_map(|(scope, lot)| Step::Lot(scope, lot)),
        2 => (scope(), 0..5_u16, left).prop_map(|(scope, at, left)| Step::SetLot(scope, at, left)),
        1 => (scope(), proptest::option::of((0..3_u16).prop_map(PlanId)))
            .prop_map(|(scope, plan)| Step::Plan(scope, plan)),
        1 => (scope(), statuses).prop_map(|(scope, status)| Step::Status(scope, status)),
        1 => (scope(), end()).prop_map(|(scope, anchor)| Step::Anchor(scope, anchor)),
    ]
}

/// Starts with two scopes, and gives grants and lots the names of their own that they have in a scope, in no order; and grants
/// the numbers in which they came.
fn named(mut steps: Vec<Step>) -> Vec<Step> {
    // Most steps would find no scope otherwise.
    steps.insert(0, Step::Open(None, "a", 0));
    steps.insert(1, Step::Open(Some(0), "b", 1));
    for (number, step) in (1_u16..).zip(&mut steps) {
        match step {
            Step::Grant(_, grant) => {
                grant.name = letters(number.wrapping_mul(40_503));
                grant.source = Source(number);
            }
            Step::Lot(_, lot) => lot.name = letters(number.wrapping_mul(40_503)),
            _ => {}
        }
    }
    steps
}

/// A number as lower-case letters, the same length for all.
fn letters(number: u16) -> Box<str> {
    let letter = |shift: u32| char::from(b'a' + u8::try_from(number >> shift & 15).unwrap());
    [12, 8, 4, 0].map(letter).iter().collect::<String>().into()
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}
