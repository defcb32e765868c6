import pytest

from llmconfig.layers.yaml_text import Ambiguous, yaml_parse


def problems(report):
    return [str(problem) for problem in report.problems]


def test_values_remember_their_lines(report):
    root = yaml_parse(b"a: 1\nb:\n  c: [x,\n      y]\n", "llm.yaml", report)
    assert root.plain() == {"a": 1, "b": {"c": ["x", "y"]}}
    assert root.value["a"].place == "llm.yaml:1"
    assert root.value["b"].value["c"].place == "llm.yaml:3"
    assert root.value["b"].value["c"].value[1].place == "llm.yaml:4"
    assert not report.problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("0.7", 0.7),
        ("1e-3", 0.001),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        # YAML 1.1 would make the unquoted ones 90, 8, a date and not-a-number.
        ("'no'", "no"),
        ("1:30", "1:30"),
        ("0o10", "0o10"),
        ("2026-11-22", "2026-11-22"),
        (".nan", ".nan"),
        ("9" * 5000, float("inf")),
    ],
)
def test_scalars_are_what_they_look_like(text, value, report):
    assert yaml_parse(f"x: {text}".encode(), "f", report).plain() == {"x": value}


@pytest.mark.parametrize("text", ["On", "yes", "no", "OFF", "-017", "010"])
def test_what_two_versions_of_yaml_read_differently_is_marked_unless_it_stands_in_quotes(
    text, report
):
    root = yaml_parse(f"x: [{text}, '{text}']".encode(), "f", report)
    assert [type(each) for each in root.plain()["x"]] == [Ambiguous, str]


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n", b"\xef\xbb\xbf# BOM\n"])
def test_an_empty_file_states_nothing(content, report):
    assert yaml_parse(content, "f", report).plain() == {}
    assert not report.problems


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: 1\nb: 2\na: 3\n", "f:3: a: stated twice; the first time at f:1"),
        (b"x:\n  y: 1\n  y: 2\n", "f:3: x.y: stated twice; the first time at f:2"),
        (b"a: &x 1\nb: *x\n", "f:1: anchors and aliases are not accepted; write the value out"),
        (b"a: *x\n", "f:1: anchors and aliases are not accepted; write the value out"),
        (b"a: !!python/object:os.system 1\n", "f:1: tags (!) are not accepted"),
        (b"a: !!binary aGk=\n", "f:1: tags (!) are not accepted"),
        (b"a: 1\n---\nb: 2\n", "f:2: a second document; accepted: one"),
        (b"a: 1\nb: \xff\n", "f:2: not UTF-8; accepted: text encoded as UTF-8"),
        ("a: 1".encode("utf-16"), "f:1: not UTF-8; accepted: text encoded as UTF-8"),
        (b"a: [1\n", "f:2: not YAML: expected ',' or ']', but got '<stream end>'"),
        (b"a: 1\n b: 2\n", "f:2: not YAML: mapping values are not allowed here"),
        (b"a: 1\nb: \x07\n", "f:2: not YAML: special characters are not allowed"),
        (b"a: 1\nb: \x00\n", "f:2: not YAML: special characters are not allowed"),
        ("a: 1".encode("utf-16-le"), "f:1: not YAML: special characters are not allowed"),
        (b'a: "\\U00110000"\n', "f:1: not YAML: chr() arg not in range"),
        (b'a: 1\nb: "\\UFFFFFFFF"\n', "f:2: not YAML: "),
        (b"%YAML " + b"9" * 5000 + b".1\n---\na: 1\n", "f:1: not YAML: "),
        (b"%YAML 2.0\n---\na: 1\n", "f:1: not YAML: found incompatible YAML document"),
        (b"<<: {a: 1}\n<<: {b: 1}\n", "f:2: <<: stated twice; the first time at f:1"),
        (b"a:\n\tb: 1\n", "f:2: not YAML: found character '\\t' that cannot start any token; acc"),
        (b"1: x\n", "f:1: a key is no text; accepted: names"),
        (b"x: {[1]: 2}\n", "f:1: x: a key is no text; accepted: names"),
        (b"[" * 100_000, "f:1: nested too deeply; accepted: at most 12 levels"),
        (b"a:\n" + b"- " * 50_000, "f:2: nested too deeply; accepted: at most 12 levels"),
        (b"#" * 300_000, "f:1: too large; accepted: at most 131072 bytes"),
        (b"a: 1\n" * 20_000, "f:2: a: stated twice; the first time at f:1"),
        (b"- a\n" * 20_000, "f:10000: too many values; accepted: at most 10000"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(content, told, report):
    yaml_parse(content, "f", report)
    assert problems(report)[0].startswith(told)


def test_what_cannot_be_read_to_its_end_states_nothing(report):
    assert yaml_parse(b"a: 1\nb: *x\n", "f", report).plain() == {}


def test_a_report_is_of_bounded_length(report):
    yaml_parse(b"a: 1\n" * 4_000, "f", report)
    assert len(report.problems) == 100
    assert str(report.told()[-1]) == "and 3899 more"


def test_keys_are_shown_without_what_a_terminal_would_obey(report):
    root = yaml_parse(b'"\\e[31m\\ud800\\n": 1\n"\\e[31m\\ud800\\n": 2\n', "f", report)
    assert len(root.value) == 1
    assert problems(report)[0] == ("f:2: \\x1b[31m\\ud800\\n: stated twice; the first time at f:1")


def test_every_duplicate_key_is_told_at_once(report):
    yaml_parse(b"a: 1\na: 2\nb: 3\nb: 4\n", "f", report)
    assert len(report.problems) == 2


def test_laughs_do_not_multiply(report):
    lines = ["a0: &a0 lol"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert yaml_parse("\n".join(lines).encode(), "f", report).plain() == {}
    assert "anchors and aliases" in problems(report)[0]
