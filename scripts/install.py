"""Make `.venv` from the locks and install the project into it; `--dev` adds what the tests need.

Needs nothing but Python 3.11 with venv. Run by `make up` and `make test`; safe to run again.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REMEDY = "install Python 3.11 or newer with venv (Debian: apt install python3 python3-venv), then run this again"


def check_python() -> None:
    """Exit with one line of remedy when this Python cannot make the environment."""
    if sys.version_info < (3, 11):  # noqa: UP036  (older Pythons run this very line)
        sys.exit(f"Python {sys.version_info.major}.{sys.version_info.minor} is too old: {REMEDY}")
    try:
        import ensurepip  # noqa: F401  (Debian splits it off into python3-venv)
        import venv  # noqa: F401
    except ImportError:
        sys.exit(f"this Python cannot make virtual environments: {REMEDY}")


def made_here(folder: Path) -> bool:
    """Whether a virtual environment is whole and in its place: its scripts name the folder that they were made in."""
    try:
        return (folder / "bin" / "python").exists() and str(folder) in (folder / "bin" / "pip").read_text()
    except OSError:
        return False


def install(*, dev: bool) -> bool:
    """Bring `.venv` up to date; returns whether anything had to be done."""
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    stamp = VENV / (".dev" if dev else ".installed")
    wanted = [ROOT / "pyproject.toml", lock]
    whole = made_here(VENV)
    if whole and stamp.exists() and all(path.stat().st_mtime <= stamp.stat().st_mtime for path in wanted):
        return False
    python = VENV / "bin" / "python"
    if not whole:
        print("making .venv", flush=True)
        if VENV.is_symlink():
            VENV.unlink()  # `--clear` would empty the folder that it leads to, which is somebody else's
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    print(f"installing {lock.name}", flush=True)
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    stamp.touch()
    return True


if __name__ == "__main__":
    check_python()
    try:
        install(dev="--dev" in sys.argv)
    except subprocess.CalledProcessError as error:
        sys.exit(f"installing ended with status {error.returncode}; its last lines are above")
