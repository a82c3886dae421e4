//! The money rules against the Python oracle, case by case.
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{prelude::*, strategy::ValueTree};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tributary::domain::{
    number::{Qty, Rate, UnitPrice},
    totals::{Item, PriceMode, Rules, TaxRounding, total},
};

/// Loads the oracle's functions without its own runs, and answers one JSON case per line.
const DRIVER: &str = "
import sys, json
src = open(sys.argv[1]).read().split('\\nE=lambda')[0]
ns = {}
exec(src, ns)
for row in sys.stdin:
    c = json.loads(row)
    r = ns['order_total']([tuple(l) for l in c['lines']], c['discount'], c['mode'], c['gross'], c['exp'])
    print(json.dumps([r['net'], r['tax'], r['gross'], r['lines']]))
";
const CASES: usize = 10_000;

#[test]
fn totals_are_those_of_the_oracle() {
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracles/money_check.py");
    if !oracle.exists() {
        eprintln!("left out: totals_are_those_of_the_oracle (no ../shared)");
        return;
    }
    let cases = cases();
    let input = cases.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut python = Command::new("python3")
        .args(["-c", DRIVER, oracle.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let out = python.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> = String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(answers) {
        assert_eq!(ours(case), answer, "{case}");
    }
}

fn cases() -> Vec<Value> {
    let line = (
        -500_000_i64..500_000,
        prop_oneof![0_i64..1_000_000_000, 0_i64..100].boxed(),
        prop::sample::select(vec![0_i64, 50_000, 333_333, 1_000_000]),
        prop::sample::select(vec![0_i64, 55_000, 70_000, 190_000, 230_000]),
    );
    let case = (
        prop::collection::vec(line, 1..10),
        -50_000_i64..50_000,
        any::<bool>(),
        any::<bool>(),
        0_u32..4,
    );
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..CASES)
        .map(|_| {
            let (lines, discount, gross, per_line, exp) =
                case.new_tree(&mut runner).unwrap().current();
            let mode = if per_line { "line" } else { "document" };
            json!({"lines": lines, "discount": discount, "mode": mode, "gross": gross, "exp": exp})
        })
        .collect()
}

fn ours(case: &Value) -> Value {
    let items: Vec<Item> = case["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| {
            let n = |i: usize| l[i].as_i64().unwrap();
            Item {
                qty: Qty(n(0)),
                price: UnitPrice(n(1)),
                discount: Rate(n(2)),
                rate: Rate(n(3)),
                code: None,
            }
        })
        .collect();
    let rules = Rules {
        mode: if case["gross"] == true { PriceMode::Gross } else { PriceMode::Net },
        rounding: if case["mode"] == "line" { TaxRounding::Line } else { TaxRounding::Document },
        exponent: u32::try_from(case["exp"].as_u64().unwrap()).unwrap(),
    };
    let sum = total(&items, case["discount"].as_i64().unwrap(), rules).unwrap();
    let lines: Vec<(i64, i64)> = sum.lines.iter().map(|l| (l.net, l.tax)).collect();
    json!([sum.net, sum.tax, sum.gross, lines])
}
