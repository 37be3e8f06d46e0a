//! The statement as one web page without scripts, links or anything from elsewhere.

use super::Block;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"zh-CN\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<title>证据包说明 Statement of an evidence package</title>
<style>
body { font-family: serif; max-width: 46em; margin: 2em auto; line-height: 1.6; padding: 0 1em; }
h1 { break-before: page; } h1:first-of-type { break-before: auto; }
dt { font-weight: bold; float: left; clear: left; width: 13em; }
dd { margin-left: 13.5em; overflow-wrap: anywhere; }
</style>
</head>
<body>
";

/// Renders the statement.
pub(crate) fn html(blocks: &[Block]) -> String {
    let mut out = HEAD.to_owned();
    let mut open = "";
    for block in blocks {
        let list = match block {
            Block::Item(_) => "ul",
            Block::Fact(..) => "dl",
            Block::Title(_) | Block::Heading(_) | Block::Text(_) => "",
        };
        if list != open {
            if !open.is_empty() {
                out.push_str(&format!("</{open}>\n"));
            }
            if !list.is_empty() {
                out.push_str(&format!("<{list}>\n"));
            }
            open = list;
        }
        out.push_str(&match block {
            Block::Title(text) => format!("<h1>{}</h1>\n", escaped(text)),
            Block::Heading(text) => format!("<h2>{}</h2>\n", escaped(text)),
            Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Block::Item(text) => format!("<li>{}</li>\n", escaped(text)),
            Block::Fact(name, value) => {
                format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value))
            }
        });
    }
    if !open.is_empty() {
        out.push_str(&format!("</{open}>\n"));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
