//! Fuzzes `checks::config`.
#![no_main]

mod tokens;

libfuzzer_sys::fuzz_target!(|text: &str| dotledger_fuzz::config::check(text));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    tokens::mutate(data, size, most, seed)
});
