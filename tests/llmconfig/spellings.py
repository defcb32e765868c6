"""Normal forms of model names, and all the spellings that mean one of them."""

from hypothesis import strategies as st

_LABEL = st.from_regex(r"[a-z0-9_][a-z0-9_-]{0,3}", fullmatch=True)
_PART = st.from_regex(r"[a-z0-9_][a-z0-9_.-]{0,3}", fullmatch=True)
_NAMESPACE = _LABEL.filter(lambda text: text != "library")
_HOST = st.sampled_from(["hf.co", "registry.local:5000", "localhost", "library"])
_PATH = st.one_of(
    st.just(""),
    _NAMESPACE.map("{}/".format),
    st.builds("{}/{}/".format, _HOST, st.one_of(_NAMESPACE, st.just("library"))),
)
_TAG = st.one_of(_PART, st.just("latest"))

#: Normal forms.
NAMES = st.builds("{}{}:{}".format, _PATH, _PART, _TAG)


@st.composite
def spellings(draw, name):
    """A text that Ollama takes for the model of this normal form."""
    depth, prefixes = name.count("/"), [""]
    if depth == 0:
        prefixes += ["library/"]
    if depth <= 1:
        host = "registry.ollama.ai/" + ("library/" if depth == 0 else "")
        prefixes += [host, f"https://{host}", f"http://{host}"]
    else:
        prefixes += ["https://", "http://"]
    text = draw(st.sampled_from(prefixes)) + name
    if text.endswith(":latest") and draw(st.booleans()):
        text = text.removesuffix(":latest")
    raised = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    return "".join(c.upper() if up else c for c, up in zip(text, raised, strict=True))
