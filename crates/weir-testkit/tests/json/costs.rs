//! What does a hostile text cost? Nothing on the heap, and time that grows with its length alone.

use std::time::{Duration, Instant};

use weir_core::amount::{NumberError, Precision, Quantity, number};
use weir_core::json::{self, Lexer, Profile, Scratch, Token};

use crate::bounds::WIDE;
use crate::grammar::cases;

/// Numbers whose value would be large, or long, were it ever computed; what they are exactly, and to
/// the nearest billionth.
fn hostile() -> Vec<(String, &'static str, &'static str)> {
    let thousand = "1234567890".repeat(100);
    let long = "9".repeat(100_000);
    let zeros = "0".repeat(100_000);
    let (inexact, too_large) = ("number.inexact", "number.too_large");
    vec![
        ("1e1000000".to_owned(), too_large, too_large),
        ("1e200000000".to_owned(), too_large, too_large),
        ("-1e-200000000".to_owned(), inexact, "0"),
        ("1E+9223372036854775807".to_owned(), too_large, too_large),
        (format!("1e{thousand}"), too_large, too_large),
        (format!("1e-{thousand}"), inexact, "0"),
        (format!("0e{thousand}"), "0", "0"),
        (format!("0.{thousand}"), inexact, "0.123456789"),
        (format!("{thousand}e-990"), inexact, "1234567890.123456789"),
        (thousand, too_large, too_large),
        (format!("0.{long}"), inexact, "1"),
        (format!("1e{long}"), too_large, too_large),
        (format!("{long}e-{long}"), inexact, "0"),
        (long, too_large, too_large),
        (format!("0.{zeros}1e100001"), "1", "1"),
        (format!("1{zeros}e-100000"), "1", "1"),
    ]
}

#[test]
fn numbers_touch_no_heap_whatever_they_say() {
    let (texts, mut scratch) = (hostile(), Scratch::default());
    json::check(b"[0]", &Profile::STRICT, &mut scratch).unwrap();
    let mut answers = Vec::with_capacity(6 * texts.len());
    let made = allocation_counter::measure(|| {
        for (text, ..) in &texts {
            let mut lexer = Lexer::new(text.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
            let sent = lexer.value().unwrap().and_then(json::Raw::as_number).unwrap();
            for precision in [Precision::Exact, Precision::Nearest] {
                answers.push(sent.quantity(precision));
                answers.push(Quantity::from_json(text.as_bytes(), precision));
                answers.push(number::ecmascript(text, precision));
            }
        }
    });
    assert_eq!(made.count_total, 0);
    for ((text, exact, nearest), answers) in texts.iter().zip(answers.chunks(6)) {
        let said = |read: &Result<Quantity, NumberError>| {
            read.map_or_else(|error| error.code().to_owned(), |value| value.to_string())
        };
        let said: Vec<_> = answers.iter().map(said).collect();
        let expected = [exact, exact, exact, nearest, nearest, nearest];
        assert!(said.iter().eq(expected), "{said:?} of {} bytes, {text:.20}...", text.len());
    }
}

/// Nor does any case of the public suite, once the scratch has grown: neither to read it, nor to say
/// what is wrong with it.
#[test]
fn documents_touch_no_heap_once_the_scratch_has_grown() {
    let (cases, mut scratch) = (cases(), Scratch::default());
    let mut refused = 0;
    let mut read = |scratch: &mut Scratch| {
        refused = 0;
        for case in &cases {
            refused += u32::from(json::check(&case.bytes, &Profile::STRICT, scratch).is_err());
        }
    };
    read(&mut scratch);
    let made = allocation_counter::measure(|| read(&mut scratch));
    assert_eq!(made.count_total, 0);
    assert!(refused > 188, "{refused} refused");
}

/// Sixty-four times the text takes nowhere near the square of that time. The quickest of some runs
/// is compared, with a margin that no busy machine fills: 64 would be the measure, 4 096 the square.
#[test]
fn time_grows_with_the_text_and_no_faster() {
    const SHORT: usize = 1 << 14;
    let wide = Profile { bounds: WIDE, ..Profile::STRICT };
    type Make = fn(usize) -> String;
    let shapes: [(&str, Make); 9] = [
        ("digits", |n| "7".repeat(n)),
        ("fraction", |n| format!("0.{}", "3".repeat(n))),
        ("exponent", |n| format!("1e{}", "9".repeat(n))),
        ("zeros", |n| format!("0.{}1e{n}", "0".repeat(n))),
        ("string", |n| format!("\"{}\"", "x".repeat(n))),
        ("escapes", |n| format!("\"{}\"", "\\ud83d\\ude00".repeat(n / 12))),
        ("arrays", |n| format!("[{}0]", "[],".repeat(n / 3))),
        ("brackets", |n| "[".repeat(n)),
        ("blanks", |n| format!("[{}]", " ".repeat(n))),
    ];
    for (name, make) in shapes {
        let [short, long] = [SHORT, 64 * SHORT].map(|len| {
            let (text, mut scratch) = (make(len), Scratch::default());
            (0..7).map(|_| time(text.as_bytes(), &wide, &mut scratch)).min().unwrap()
        });
        let short = short.max(Duration::from_micros(1));
        assert!(long < short * 1_024, "{name}: {short:?}, then {long:?}");
    }
}

fn time(text: &[u8], profile: &Profile, scratch: &mut Scratch) -> Duration {
    let start = Instant::now();
    if let Ok(mut lexer) = Lexer::new(text, profile, scratch) {
        while let Ok(Some(token)) = lexer.token() {
            match token {
                Token::Number(number) => drop(number.quantity(Precision::Nearest)),
                Token::String(text) => drop(std::hint::black_box(text.char_count())),
                _ => {}
            }
        }
    }
    start.elapsed()
}
