//! Reads the tables in `data/`: lines of cells, the last of which may say any bytes.

/// The rows of a table, each with as many cells as are asked for. Lines that start with `#` and a
/// blank are remarks.
pub(crate) fn rows<const N: usize>(table: &'static str) -> Vec<[&'static str; N]> {
    let lines = table.lines().filter(|line| !line.starts_with("# "));
    let cells = |line: &'static str| {
        let cells: Vec<_> = line.split('\t').collect();
        cells.try_into().unwrap_or_else(|cells| panic!("not {N} cells: {cells:?}"))
    };
    lines.map(cells).collect()
}

/// The bytes that a cell says: ASCII, with `\n`, `\r`, `\t`, `\\`, `\xHH`, and `\<N*TEXT>` for a text
/// N times over.
pub(crate) fn bytes(cell: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), cell);
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend(plain.bytes());
        let (letter, tail) = escape.split_at(1);
        rest = match letter {
            "\\" | "n" | "r" | "t" => {
                out.push(match letter {
                    "n" => b'\n',
                    "r" => b'\r',
                    "t" => b'\t',
                    _ => b'\\',
                });
                tail
            }
            "x" => {
                let (digits, tail) = tail.split_at(2);
                out.push(u8::from_str_radix(digits, 16).unwrap());
                tail
            }
            "<" => {
                let (inside, tail) = tail.split_once('>').unwrap();
                let (times, text) = inside.split_once('*').unwrap();
                out.extend(text.repeat(times.parse().unwrap()).bytes());
                tail
            }
            _ => panic!("no escape of a cell: {letter} in {cell}"),
        };
    }
    out.extend(rest.bytes());
    out
}

#[test]
fn a_cell_says_any_bytes() {
    assert_eq!(bytes(r#"a\\\n\r\t\x00\xff\<3*[{>b"#), b"a\\\n\r\t\0\xff[{[{[{b");
    assert_eq!(rows::<2>("# remark\n#\tb\n"), [["#", "b"]]);
}

#[test]
fn the_readme_counts_the_rows() {
    let readme = include_str!("../../data/README.md");
    for (file, table) in [
        ("names.tsv", include_str!("../../data/names.tsv")),
        ("numbers.tsv", include_str!("../../data/numbers.tsv")),
        ("parsing.tsv", include_str!("../../data/parsing.tsv")),
    ] {
        let count = table.lines().filter(|line| !line.starts_with("# ")).count();
        assert!(readme.contains(&format!("| `{file}` | {count} |")), "{file} has {count} rows");
    }
}
