"""Without torch there is one line that says what to install; with it, nothing is loaded early."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

from model.dependencies import require_model_dependencies
from test_model.conftest import python_path

WITHOUT = "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None; "


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=python_path(), capture_output=True, text=True, check=False)


def test_nothing_is_said_when_all_is_there() -> None:
    require_model_dependencies()


def test_the_command_line_says_in_one_line_what_to_install() -> None:
    code = WITHOUT + "from model.cli import main; sys.exit(main(['sample', '-l', 'run']))"
    done = run_python(code)
    assert 1 == done.returncode
    assert (
        "gpt sample: error: a model needs torch and safetensors: "
        "pip install 'chimera-bpe[model]'\n" == done.stderr
    )


@pytest.mark.parametrize("name", ["GPT", "Trainer", "load_checkpoint"])
def test_the_package_raises_our_own_error(name: str) -> None:
    code = (
        WITHOUT
        + f"""
import model, bpe
try:
    model.{name}
except bpe.MissingDependencyError as error:
    print(isinstance(error, ImportError), error)
"""
    )
    done = run_python(code)
    assert "" == done.stderr
    assert done.stdout.startswith("True a model needs torch and safetensors")


def test_help_and_configs_do_not_load_torch() -> None:
    code = (
        "import sys, contextlib, io; from model import ModelConfig, PRESETS; "
        "from model.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out: assert main(['train', '-h']) == 0\n"
        "assert '--preset' in out.getvalue(); print('torch' in sys.modules)"
    )
    assert "False\n" == run_python(code).stdout


def test_what_shards_a_model_is_not_loaded_with_it() -> None:
    code = "import sys, model.train; print('torch.distributed.fsdp' in sys.modules)"
    assert "False\n" == run_python(code).stdout


def test_every_public_name_exists_and_an_unknown_one_is_refused() -> None:
    import model

    assert [] == [name for name in model.__all__ if not hasattr(model, name)]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = model.nothing


def test_no_public_name_is_hidden_by_a_module_of_the_same_name() -> None:
    import model

    modules = {info.name for info in pkgutil.iter_modules(model.__path__)}
    assert set() == modules & set(model.__all__)
