"""Write the locks anew: exact versions with hashes for every platform, and no addresses."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    *("-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
)
LOCKS = (
    ("requirements.lock", ("pyproject.toml", "--extra", "local", "--group", "install")),
    ("requirements-dev.lock", ("pyproject.toml", "app/pyproject.toml", "--extra", "dev", "--group", "install")),
    ("app/requirements.lock", ("app/pyproject.toml",)),
)

if __name__ == "__main__":
    upgrade = ("--upgrade",) if "--upgrade" in sys.argv else ()
    for target, sources in LOCKS:
        subprocess.run([sys.executable, *COMPILE, *upgrade, *sources, "-o", target], cwd=ROOT, check=True)
        print(target)
