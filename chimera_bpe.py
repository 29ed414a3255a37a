"""The two commands, and the one name under which this distribution is always itself.

`bpe` and `model` are short names that others use too: the distribution `bpe` on PyPI installs a
package `bpe`, and half of all training scripts lie beside a folder `model`. Whoever stands first on
sys.path wins, and files of two distributions may even mix in one folder. This module has a name
that nobody else has, so it runs whatever happened to the others, and says in one line who is in
the way. It imports nothing but the standard library, and neither of the packages while it checks.
"""

from __future__ import annotations

import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "chimera-bpe"
PACKAGES = ("bpe", "model")
HOME = Path(__file__).resolve().parent


class ForeignPackageError(ImportError):
    """A package of another distribution stands where one of ours belongs."""


def foreign_distribution(home: Path = HOME) -> str | None:
    """Return the PyPI distribution `bpe` if it is installed into the same folder, as "bpe 1.0"."""
    for path in home.iterdir():
        stem, _, kind = path.name.rpartition(".")
        if kind in ("dist-info", "egg-info") and stem.lower().startswith("bpe-"):
            return " ".join(stem.split("-")[:2])
    return None


def require_own_packages(packages: tuple[str, ...] = PACKAGES, home: Path = HOME) -> None:
    """Raise ForeignPackageError, naming who is in the way, unless `import` gives our packages."""
    for package in packages:
        spec = find_spec(package)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if found != home / package:
            where = f"is {found}" if found else "is found nowhere as a package"
            raise ForeignPackageError(
                f"`import {package}` {where}, not the package of {DISTRIBUTION} in "
                f"{home / package}. Remove or rename what stands in the way"
                + (" (pip uninstall bpe)." if package == "bpe" else ".")
            )
    foreign = foreign_distribution(home)
    if foreign:
        raise ForeignPackageError(_mixed(foreign, home))


def warn_about_foreign_files(home: Path = HOME) -> None:
    """Warn if another distribution owns files in our package folder; called by `import bpe`."""
    foreign = foreign_distribution(home)
    if foreign:
        warnings.warn(_mixed(foreign, home), stacklevel=3)


def _mixed(foreign: str, home: Path) -> str:
    return (
        f"the distribution {foreign} has installed its files into {home / 'bpe'}, which belongs to "
        f"{DISTRIBUTION}. Undo it: pip uninstall bpe; pip install --force-reinstall {DISTRIBUTION}"
    )


def bpe_command() -> int:
    """Run `bpe`."""
    return _run("bpe")


def gpt_command() -> int:
    """Run `gpt`."""
    return _run("model")


def _run(package: str) -> int:
    try:
        require_own_packages()
    except ForeignPackageError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return 1
    if package == "model":
        from model.cli import run_program

        run_program()
    from bpe.cli import main

    return main()
