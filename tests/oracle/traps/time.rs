//! Traps of windows, experts and caches.

use super::{Trial, attention::attention};
use crate::models::shipped;

/// The pairs that a causal window of `window` keeps among so many positions, one by one.
fn pairs(positions: i64, window: i64) -> u64 {
    let pairs = (0..positions).flat_map(|query| (0..positions).map(move |key| (query, key)));
    pairs
        .filter(|(query, key)| key <= query && query - key < window)
        .count() as u64
}

#[test]
fn trap_8_a_window_shortens_what_a_position_sees() {
    for (context, window) in [(9, 3), (3, 9), (5, 5), (7, 1)] {
        let mask = format!(r#", Window(n, s, "{window}")"#);
        let given = [("B", 1), ("T", context), ("dk", 2), ("dv", 1)];
        let forward = Trial::new(&attention(&mask), &[], "forward", &given);
        assert_eq!(forward.dots("scores"), pairs(context, window));
        let decode = Trial::new(&attention(&mask), &[], "decode", &given);
        assert_eq!(decode.dots("scores"), context.min(window) as u64);
    }
}

#[test]
fn trap_9_a_window_is_neither_half_of_itself_nor_short_by_half() {
    let (context, window) = (12, 4);
    let given = [("B", 1), ("T", context), ("dk", 1), ("dv", 1)];
    let trial = Trial::new(&attention(r#", Window(n, s, "4")"#), &[], "forward", &given);
    let (s, w) = (context as u64, window as u64);
    let found = trial.dots("scores");
    assert_eq!(found, pairs(context, window));
    assert_eq!(found, w * (w + 1) / 2 + (s - w) * w);
    assert_ne!(found, s * w / 2, "half the window");
    assert_ne!(found, s * w - w * w / 2, "short by w/2");
}

#[test]
fn trap_10_a_last_chunk_that_is_not_full_counts_as_far_as_it_goes() {
    let given = [("B", 1), ("T", 11), ("dk", 1), ("dv", 1)];
    let full = Trial::new(
        &attention(r#", Chunk(n, s, "4", full)"#),
        &[],
        "forward",
        &given,
    );
    assert_eq!(full.dots("scores"), 2 * 4 * 4 + 3 * 3);
    let causal = Trial::new(&attention(r#", Chunk(n, s, "4")"#), &[], "forward", &given);
    assert_eq!(causal.dots("scores"), 2 * 10 + 6);
}

#[test]
fn trap_14_experts_work_as_chosen_and_the_router_and_shared_ones_count() {
    let mixtral = [
        ("B", 1),
        ("H", 2),
        ("K", 1),
        ("L", 2),
        ("T", 3),
        ("d", 4),
        ("dh", 2),
        ("f", 5),
        ("V", 7),
        ("E", 4),
        ("k", 2),
    ];
    let trial = Trial::new(&shipped()["mixtral.ron"], &[], "forward", &mixtral);
    let (layers, context, width, hidden) = (2, 3, 4, 5);
    let of = |name: &str| {
        let rows = trial.ledger.rows.iter();
        let row = rows.clone().find(|row| row.path.ends_with(name));
        let row = row.unwrap_or_else(|| panic!("no row `{name}`"));
        [&row.amounts.macs.poly(), &row.amounts.params.poly()].map(|poly| trial.value(poly))
    };
    let active = 2 * layers * context * width * hidden;
    let owned = 4 * layers * width * hidden;
    assert_eq!(of(".gate"), [active.to_string(), owned.to_string()]);
    let router = layers * context * width * 4;
    assert_eq!(of(".choice")[0], router.to_string());
}

/// A profile prices what is counted by kind; nothing is priced by a word for all of it.
#[test]
fn trap_25_an_exponential_is_counted_and_a_profile_prices_it() {
    let given = [("B", 1), ("T", 4), ("dk", 1), ("dv", 1)];
    let trial = Trial::new(&attention(""), &[], "forward", &given);
    let softmax = trial.row("weights");
    let kinds: Vec<(&str, String)> = softmax
        .elementwise
        .iter()
        .map(|(kind, count)| (kind.word(), trial.value(count.poly())))
        .collect();
    // Of four rows of four: the largest of each is found, taken from all, and what is summed divides all.
    let counted = [("add", 16 + 12), ("div", 16), ("exp", 16), ("compare", 12)];
    let counted = counted.map(|(kind, count)| (kind, count.to_string()));
    assert_eq!(kinds, counted);
}

/// The cache is what the positions need; a batch has one each, and no page or maximum is rounded up to.
#[test]
fn trap_27_the_cache_is_as_long_as_the_context() {
    let bench = crate::harness::Bench::new("cache", &attention(""), &[]);
    for phase in ["prefill", "decode"] {
        let ledger = bench.ledger(phase, "exact");
        let bytes = ledger.kv_cache_bytes(dotledger::dtype::Dtype::BF16);
        assert_eq!(bytes.to_string(), "2*B*T*dv + 2*B*T*dk");
    }
}
