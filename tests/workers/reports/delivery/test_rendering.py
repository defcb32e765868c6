"""A report's Markdown becomes HTML in which nothing acts, loads or leads away."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports.delivery.rendering import LONGEST, report_html, text_clean

ALLOWED = {
    "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
#: Control characters, and format characters that change the order of what is read.
UNWANTED = {*map(chr, range(9)), *map(chr, range(11, 32)), "\x7f", "\u202e", "\u2066", "\ufeff"}
PIECES = st.sampled_from(
    [
        "# ", "## ", "- ", "1. ", "> ", "`", "```", "**", "*", "_", "~~", "|", "\n", "\n\n", " ",
        "[a](http://evil.example)", "![a](http://evil.example/p.png)", "<http://evil.example>",
        "[a]: javascript:alert(1)", "[a]", "<script>", "</script>", "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>", "<style>", "<!--", "-->", "&lt;", "&#x3C;script&#x3E;",
        "<svg onload=alert(1)>", "<iframe src=//evil.example>", "\u202e", "\x00", "\x1b[31m",
        "---", "| a | b |\n|---|---|\n| 1 | 2 |", "<p class=x style='background:url(//evil)'>",
    ]
)  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.attributes = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}


def test_what_a_report_needs_is_rendered():
    html = report_html(
        "# Week\n\nDone **well**:\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n3. three"
    )
    for part in ("<h2>Week</h2>", "<strong>well</strong>", "<li>one</li>", "<td>1</td>"):
        assert part in html
    assert '<ol start="3">' in html


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n## b\n### c", ["h2", "h3", "h4"]),
        ("### a\n#### b\n### c", ["h2", "h3", "h2"]),
        ("# a\n#### b", ["h2", "h3"]),
        ("".join(f"{'#' * n} a\n" for n in range(1, 7)), ["h2", "h3", "h4", "h5", "h6", "h6"]),
    ],
)
def test_headings_follow_that_of_the_page_without_a_gap(text, levels):
    assert re.findall(r"<(h\d)>", report_html(text)) == levels


@pytest.mark.parametrize(
    "text",
    ["[here](http://evil.example)", "<http://evil.example>", "![x](http://evil.example/x.png)"],
)
def test_links_and_images_stay_text_with_their_address(text):
    tags = Tags(report_html(text))
    assert tags.found == {"p"}
    assert "http://evil.example" in report_html(text)


def test_html_is_shown_as_text():
    assert report_html("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "- " * 15 + "deep",
        "> " * 25 + "deep",
        "\n".join("  " * depth + "- item" for depth in range(15)) + " deep",
        "*a " * LONGEST + "deep",
    ],
)
def test_nothing_is_lost_of_a_text_that_is_nested_too_deep_or_too_long(text):
    html = report_html(f"{text}\n\nThe <end>")
    assert "deep" in html
    assert "The &lt;end&gt;" in html
    assert Tags(html).found <= ALLOWED


@given(pieces=st.lists(PIECES | st.text(max_size=8), max_size=30))
def test_whatever_a_model_writes_only_harmless_tags_are_left(pieces):
    tags = Tags(report_html("".join(pieces)))
    assert tags.found <= ALLOWED
    assert tags.attributes <= {("ol", "start")}


@given(text=st.text())
def test_a_clean_text_has_no_control_or_hidden_characters(text):
    cleaned = text_clean(text)
    assert text_clean(cleaned) == cleaned
    assert not set(cleaned) & set(
        map(chr, [*range(9), *range(11, 32), 0x7F, 0x202E, 0x2066, 0xFEFF])
    )
