"""Build the core with a sanitizer and run the tests on it.

    python tools/sanitize.py address                    # memory, undefined behaviour
    python tools/sanitize.py thread                     # data races
    python tools/sanitize.py address tests/test_csrc/test_codec.py -x
    python tools/sanitize.py address --run tools/fuzz_files.py --number 20000

A copy of the working tree lies in build/sanitize-address (or -thread), with an extension of its
own: the sanitizer has to be in the process before Python, so no ordinary run could load it. GCC or
Clang; Linux. Python itself is not instrumented: leaks are not looked for, and of two threads of
Python nobody tells the sanitizer that the GIL keeps them apart. What it reports is ours.

A first build takes some minutes, a later one compiles what changed. `address` needs about ten times
the time of the tests, `thread` about twenty.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLAGS = {"address": "address,undefined", "thread": "thread"}
COMMON = "-O1 -g1 -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS -UNDEBUG"
LIBRARIES = {"address": ("libasan.so", "libclang_rt.asan.so"),
             "thread": ("libtsan.so", "libclang_rt.tsan.so")}  # fmt: skip
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:handle_abort=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1:report_signal_unsafe=0:die_after_fork=0",
    "PYTHONMALLOC": "malloc",  # so that a bytes object that is gone is seen as such
}
TESTS = {
    "address": [
        "tests/test_csrc",
        "tests/test_bpe/test_encoding_frozen.py",
        "tests/test_laws.py",
        "-m",
        "not slow and not needs_corpora",
    ],
    "thread": [
        "tests/test_csrc/test_codec_processes.py",
        "tests/test_csrc/test_count_table.py",
        "tests/test_csrc/test_counting_signals.py",
        "tests/test_csrc/test_encode_file.py",
        "tests/test_csrc/test_parallel.py",
        "tests/test_csrc/test_spill.py",
        "tests/test_csrc/test_trainer.py",
        "tests/test_csrc/test_trainer_threads.py",
        "tests/test_bpe/test_encoding_files.py",
        "tests/test_bpe/test_encoding_frozen.py",
    ],
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in FLAGS:
        raise SystemExit("usage: python tools/sanitize.py address|thread [TESTS... | --run ...]")
    sanitizer, arguments = sys.argv[1], sys.argv[2:]
    folder = ROOT / "build" / f"sanitize-{sanitizer}"
    copy_tree(folder)
    build(folder, sanitizer)
    if arguments[:1] == ["--run"]:
        command = arguments[1:]
    else:
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or TESTS[sanitizer])]
    return subprocess.run(
        [*without_random_addresses(sanitizer), sys.executable, *command],
        cwd=folder,
        env=environment(folder, sanitizer),
        check=False,
    ).returncode


def copy_tree(folder: Path) -> None:
    """Make the folder hold what git would; what did not change keeps its time, and its object."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    wanted = {Path(os.fsdecode(name)) for name in names.split(b"\0") if name}
    wanted = {name for name in wanted if (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, folder / name
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for path in [*(folder / "csrc").rglob("*.*"), *(folder / "tests").rglob("*.py")]:
        if path.relative_to(folder) not in wanted:
            path.unlink()


def build(folder: Path, sanitizer: str) -> None:
    flags = f"-fsanitize={FLAGS[sanitizer]}"
    checks = " -fno-sanitize-recover=undefined" if sanitizer == "address" else ""
    print(f"building with {flags} in {folder.relative_to(ROOT)}", flush=True)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=folder,
        env=os.environ
        | {"BPE_EXTRA_CFLAGS": f"{COMMON} {flags}{checks}", "BPE_EXTRA_LDFLAGS": flags},
        check=True,
    )


def environment(folder: Path, sanitizer: str) -> dict[str, str]:
    preload = [library_path(*LIBRARIES[sanitizer]), library_path("libstdc++.so")]
    given = {name: value for name, value in OPTIONS.items() if name not in os.environ}
    return os.environ | given | {"LD_PRELOAD": " ".join(preload), "PYTHONPATH": str(folder)}


def library_path(*names: str) -> str:
    """Ask the compiler where the first library that it has lies."""
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++")
    for name in names:
        asked = [*compiler, f"-print-file-name={name}"]
        path = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        if Path(path).is_absolute():
            return path
    raise SystemExit(f"{' '.join(compiler)} has no {names[0]}: install its sanitizer libraries")


def without_random_addresses(sanitizer: str) -> list[str]:
    """ThreadSanitizer maps its memory to places that a randomised system may have taken."""
    setarch = shutil.which("setarch")
    return [setarch, "-R"] if sanitizer == "thread" and setarch else []


if __name__ == "__main__":
    sys.exit(main())
