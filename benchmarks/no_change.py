"""A deploy with nothing changed, against `helm upgrade` with nothing changed, in the lab."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.timing import in_turn, seconds, table
from tests import project as samples
from tests.lab.fixture import lab
from tests.tool import PROGRAM, environ

RUNS = 7


def main() -> None:
    here = lab()
    with tempfile.TemporaryDirectory() as folder:
        project = samples.make(Path(folder), "kubernetes")
        try:
            first = project.run("deploy")
            assert first.status == 0, first.out
            digest = first.result["images"][0]
            secret = project.kubectl("get", "deployment", project.name, "-o", f"jsonpath={NAME_PATH}")
            ours = [*PROGRAM, "deploy", "--env", "test"]
            surroundings = environ(project.extra) | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
            helm = [
                *(f"{here.bin}/helm", "--kubeconfig", str(here.kubeconfig), "-n", project.name),
                *("upgrade", project.name, "chart", "--set", f"secret={secret}"),
                *("--set", f"image={digest['repository']}@{digest['digest']}"),
            ]
            subjects = {
                "cloudnorth deploy, nothing changed": lambda: seconds(ours, cwd=project.root, env=surroundings),
                "helm upgrade, nothing changed": lambda: seconds(helm, cwd=project.root),
            }
            times = in_turn(subjects, RUNS)
        finally:
            project.remove()
    names = list(times)
    table("A deploy with nothing changed (lab)", times, against=names[1], bounds="bound: cloudnorth at most 5 s")


NAME_PATH = "{.spec.template.spec.containers[0].envFrom[0].secretRef.name}"

if __name__ == "__main__":
    main()
