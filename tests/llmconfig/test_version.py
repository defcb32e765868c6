import tomllib

import llmconfig
from config.env import PROJECT


def test_the_package_tells_the_project_s_version():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert llmconfig.__version__ == project["version"]
