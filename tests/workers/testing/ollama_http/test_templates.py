import pytest

from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.templates import render


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .Prompt }}", "Hi"),
        ("{{.System}}|{{ .Prompt }}|{{ .Response }}", "Be terse.|Hi|"),
        ("{{ if .System }}<s>{{ .System }}{{ end }}{{ .Prompt }}", "<s>Be terse.Hi"),
        ("{{ if .Response }}a{{ else }}b{{ end }}", "b"),
        ("{{ if .Response }}{{ if .Prompt }}a{{ end }}{{ end }}c", "c"),
        ("a  {{- .Prompt -}}  b", "aHib"),
        ("no action", "no action"),
    ],
)
def test_a_template_is_rendered_as_go_does(template, text):
    assert render(template, {"Prompt": "Hi", "System": "Be terse."}) == text


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ .Prompt", "template: :1: unclosed action"),
        ("{{ if .Prompt }}", "template: :1: unexpected EOF"),
        ("{{ end }}", 'template: :1: "end" is not supported'),
        ("{{ range .Messages }}{{ end }}", 'template: :1: "range .Messages" is not supported'),
    ],
)
def test_what_cannot_be_parsed_is_a_500(template, complaint):
    with pytest.raises(RequestError) as caught:
        render(template, {})
    assert (caught.value.message, caught.value.status) == (complaint, 500)
