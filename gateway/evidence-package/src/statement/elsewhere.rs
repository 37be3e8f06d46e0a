//! The statement in PDF, read by a program of others: it opens, and says what the web page says, in the same order.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use package_proof::{path, zip::Zip};
use sample_package::{Options, Sample};

/// The font whose package the demonstration installs.
const FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

/// Holds every piece of the page against the text that pypdf extracts, without white space; prints the number of both.
const HARNESS: &str = r#"
import html.parser, io, pathlib, re, sys
import pypdf

class Pieces(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.is_body = [], False
    def handle_starttag(self, tag, attributes):
        self.is_body = self.is_body or tag == "body"
    def handle_data(self, data):
        text = "".join(data.split())
        if self.is_body and text:
            self.found.append(text)

folder = pathlib.Path(sys.argv[1])
pieces = Pieces()
pieces.feed((folder / "statement.html").read_text("utf-8"))
reader = pypdf.PdfReader(folder / "statement.pdf", strict=True)
pages = [page.extract_text() for page in reader.pages]
# Every page ends with its number.
for number, page in enumerate(pages, 1):
    assert page.rstrip().endswith(f"{number} / {len(pages)}"), page[-40:]
pages = [re.sub(r"\d+ / \d+\s*\Z", "", page) for page in pages]
text = "".join("".join(pages).split())
at = 0
for piece in pieces.found:
    found = text.find(piece, at)
    assert found >= 0, (piece, text[at:at + 200])
    at = found + len(piece)
print(len(pieces.found), len(pages))
"#;

/// The interpreter that `cargo xtask test` installs pypdf for, or the one that is there.
fn python_program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let installed = root.join("target/python/bin/python");
    match installed.exists() {
        true => installed,
        false => PathBuf::from("python3"),
    }
}

#[test]
fn the_statement_in_pdf_opens_elsewhere_and_says_what_the_page_says() {
    let has_reader = Command::new(python_program())
        .args(["-c", "import pypdf"])
        .output();
    if !has_reader.is_ok_and(|output| output.status.success()) || !Path::new(FONT).is_file() {
        println!("passed over: no Python with pypdf, or no font; `cargo xtask test` installs them");
        return;
    }
    let sample = Sample::new(Options::default());
    let package = sample.package(Some(&std::fs::read(FONT).unwrap()));
    let zip = Zip::read(&package).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in [path::STATEMENT_HTML, path::STATEMENT_PDF] {
        let contents = zip.member(name).unwrap().contents().unwrap();
        std::fs::write(folder.path().join(name), contents).unwrap();
    }
    let output = Command::new(python_program())
        .args(["-c", HARNESS])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    println!("pieces and pages: {said}");
}
