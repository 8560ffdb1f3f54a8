"""Every mistake is told with its line, its column and what would be right."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cloudnorth_cli import config
from cloudnorth_cli.errors import UsageError
from tests.config.files import RIGHT, Folder, told

SHOP = Path(__file__).resolve().parents[2] / "cloudnorth.yaml"
NAME = "a name of lower-case letters, digits and dashes, at most 40"
NAMESPACE = "a name of lower-case letters, digits and dashes, at most 63"

# What stands in RIGHT, what is written instead, and what is said of it.
SOURCES = "env, file, command, secretsmanager, ssm and terraform"
MISTAKES = {
    "unknown key": (
        "    registry:",
        "    regsitry:",
        ["10:5  environments.prod.regsitry is not a known key", "did you mean: registry"],
    ),
    "unknown key far from any": (
        "    port: 8080",
        "    frobnicate: 1",
        [
            "6:5  services.api.frobnicate is not a known key",
            "known here: build, chart, env, health, image, port, prepare, repository, rollout, route, run, workloads",
        ],
    ),
    "key of a later version": (
        "    registry: {host: registry.example}",
        "    registry: {host: registry.example, gar: {}}",
        [
            "10:40  environments.prod.registry.gar is not a known key",
            "known here: ecr, host, insecure, password, username",
        ],
    ),
    "duplicate key": (
        "    port: 8080",
        "    port: 8080\n    port: 8081",
        ["7:5  port is said twice", "it stands first at cloudnorth.yaml:6:5; keep one of them"],
    ),
    "duplicate environment": (
        "  local:\n",
        "  prod:\n",
        ["12:3  prod is said twice", "it stands first at cloudnorth.yaml:8:3; keep one of them"],
    ),
    "missing key": ("project: hello\n", "", ["1:1  project is missing"]),
    "missing key inside": (
        "    helm: {chart: chart}",
        "    helm: {release: x}",
        ["11:11  environments.prod.helm.chart is missing"],
    ),
    "text for a number": (
        "port: 8080",
        "port: http",
        ['6:11  services.api.port wants a port from 1 to 65535, found the text "http"'],
    ),
    "quoted number": (
        "port: 8080",
        'port: "8080"',
        ['6:11  services.api.port wants a port from 1 to 65535, found the text "8080"', "leave out the quotes"],
    ),
    "yes for a number": (
        "port: 8080",
        "port: yes",
        ["6:11  services.api.port wants a port from 1 to 65535, found yes, which YAML may read as true or false"],
    ),
    "endless number": (
        "port: 8080",
        f"port: {'9' * 5000}",
        [f"6:11  services.api.port wants a port from 1 to 65535, found the number {'9' * 57}..."],
    ),
    "placeholder of a migration": (
        "environments:\n",
        "migrate: {service: api, run: 'up {image}'}\nenvironments:\n",
        [
            "7:30  migrate.run: {image} stands for nothing here",
            "known here: commit, data, digest, port, release, url.api (for the text itself write {{image}})",
        ],
    ),
    "number out of range": (
        "port: 8080",
        "port: 80800",
        ["6:11  services.api.port wants a port from 1 to 65535, found the number 80800"],
    ),
    "octal for a number": (
        "port: 8080",
        "port: 08080",
        ["6:11  services.api.port wants a port from 1 to 65535, found the number 08080"],
    ),
    "number for a text": (
        "  prod:\n",
        "  prod:\n    namespace: 123\n",
        [f"9:16  environments.prod.namespace wants {NAMESPACE}, found the number 123"],
    ),
    "namespace that Kubernetes would refuse": (
        "  prod:\n",
        "  prod:\n    namespace: Hello_X\n",
        [f'9:16  environments.prod.namespace wants {NAMESPACE}, found the text "Hello_X"'],
    ),
    "commit that reads as a number": (
        "port: 8080",
        "env: {COMMIT: 1e10}",
        ["6:19  services.api.env.COMMIT wants a text, found the number 1e10", 'put it in quotes: "1e10"'],
    ),
    "account that reads as octal": (
        "port: 8080",
        "env: {ACCOUNT: 012345678901}",
        [
            "6:20  services.api.env.ACCOUNT wants a text, found the number 012345678901",
            'put it in quotes: "012345678901"',
        ],
    ),
    "time that reads as base 60": (
        "port: 8080",
        "env: {AT: 12:30}",
        ["6:15  services.api.env.AT wants a text, found the number 12:30", 'put it in quotes: "12:30"'],
    ),
    "Norway": (
        "port: 8080",
        "env: {COUNTRY: no}",
        [
            "6:20  services.api.env.COUNTRY wants a text, found no, which YAML may read as true or false",
            'put it in quotes: "no"',
        ],
    ),
    "true for a text": (
        "port: 8080",
        "health: true",
        [
            "6:13  services.api.health wants a text, found true, which YAML may read as true or false",
            'put it in quotes: "true"',
        ],
    ),
    "nothing for a text": (
        "port: 8080",
        "health:",
        [
            "6:12  services.api.health wants a text, found nothing",
            'leave the key out, or write "" for an empty text',
        ],
    ),
    "on for a truth value": (
        "  prod:\n",
        "  prod:\n    protected: on\n",
        [
            "9:16  environments.prod.protected wants true or false, found on, which YAML may read as true or false",
            "write: true",
        ],
    ),
    "quoted truth value": (
        "  prod:\n",
        '  prod:\n    protected: "false"\n',
        ['9:16  environments.prod.protected wants true or false, found the text "false"', "write: false"],
    ),
    "mapping for a text": (
        "port: 8080",
        "health: {path: /}",
        ["6:13  services.api.health wants a text, found keys and values"],
    ),
    "text for a mapping": (
        "    build: {context: .}",
        "    build: docker",
        [
            '5:12  services.api.build wants keys and values, found the text "docker"',
            "known here: context, dockerfile, target, platform, args, secrets, command",
        ],
    ),
    "list for a mapping": (
        "    port: 8080",
        "    env: [A=1]",
        ["6:10  services.api.env wants keys and values, found a list"],
    ),
    "text for a list": (
        "    port: 8080",
        "    workloads: deployment/api",
        ['6:16  services.api.workloads wants a list, found the text "deployment/api"', "write: [deployment/api]"],
    ),
    "unknown platform": (
        "platform: kubernetes",
        "platform: kubernets",
        [
            '9:15  environments.prod.platform wants kubernetes or local, found the text "kubernets"',
            "did you mean: kubernetes",
        ],
    ),
    "version of another format": ("version: 1", "version: 2", ["1:10  version wants 1, found the number 2"]),
    "bad project name": (
        "project: hello",
        "project: Hello World",
        [f'2:10  project wants {NAME}, found the text "Hello World"'],
    ),
    "bad environment name": ("  local:\n", "  Local_1:\n", [f"12:3  environments.Local_1: the key should be {NAME}"]),
    "bad duration": (
        "  prod:\n",
        "  prod:\n    rollout: {timeout: 5 min}\n",
        ['9:24  environments.prod.rollout.timeout wants a duration such as 90s, 15m or 1h30m, found the text "5 min"'],
    ),
    "number for a duration": (
        "    port: 8080",
        "    rollout: {timeout: 90}",
        ["6:24  services.api.rollout.timeout wants a duration such as 90s, 15m or 1h30m, found the number 90"],
    ),
    "build and image": (
        "    port: 8080",
        "    image: nginx",
        ["6:5  services.api has both build and image", "keep one of them"],
    ),
    "unknown placeholder": (
        "    port: 8080",
        '    chart: {api.image: "{imgae}"}',
        [
            '6:24  services.api.chart."api.image": {imgae} stands for nothing here',
            "did you mean: image (for the text itself write {{imgae}})",
        ],
    ),
    "placeholder in the wrong place": (
        "    port: 8080",
        "    run: serve --as {secret}",
        [
            "6:10  services.api.run: {secret} stands for nothing here",
            "known here: commit, data, digest, port, release, url.api (for the text itself write {{secret}})",
        ],
    ),
    "address of an unknown service": (
        "    port: 8080",
        '    env: {API: "{url.apis}"}',
        [
            "6:16  services.api.env.API: {url.apis} stands for nothing here",
            "did you mean: url.api (for the text itself write {{url.apis}})",
        ],
    ),
    "digest before the image is made": (
        "{context: .}",
        '{command: "make {digest}"}',
        [
            "5:22  services.api.build.command: {digest} stands for nothing here",
            "known here: image (for the text itself write {{digest}})",
        ],
    ),
    "migration of an unknown service": (
        "environments:\n",
        "migrate: {service: app, run: up}\nenvironments:\n",
        ["7:20  migrate.service: there is no service app", "did you mean: api"],
    ),
    "check of an unknown service": (
        "environments:\n",
        "verify: [{http: /, service: web}]\nenvironments:\n",
        ["7:29  verify[0].service: there is no service web", "known here: api"],
    ),
    "change of an unknown service": (
        "  prod:\n",
        "  prod:\n    services: {apo: {port: 1}}\n",
        ["9:16  environments.prod.services.apo is not a service", "did you mean: api"],
    ),
    "unknown default environment": (
        "project: hello\n",
        "project: hello\ndefault_environment: locale\n",
        ["3:22  default_environment: there is no environment locale", "did you mean: local"],
    ),
    "secret without a source": (
        "  prod:\n",
        "  prod:\n    secrets: {A: {}}\n",
        [f"9:18  environments.prod.secrets.A wants exactly one of {SOURCES}, found none"],
    ),
    "secret with two sources": (
        "  prod:\n",
        "  prod:\n    secrets: {A: {env: A, file: a}}\n",
        [f"9:18  environments.prod.secrets.A wants exactly one of {SOURCES}, found env and file"],
    ),
    "secret written down": (
        "  prod:\n",
        "  prod:\n    secrets: {A: hunter2}\n",
        [
            "9:18  environments.prod.secrets.A wants keys and values, found something else",
            "known here: env, file, command, secretsmanager, key, ssm, terraform",
        ],
    ),
    "password with two sources": (
        "{host: registry.example}",
        "{host: registry.example, password: {env: A, command: b}}",
        [f"10:50  environments.prod.registry.password wants exactly one of {SOURCES}, found env and command"],
    ),
    "secret with a key of no table": (
        "  prod:\n",
        "  prod:\n    secrets: {A: {ssm: /a, key: b}}\n",
        ["9:28  environments.prod.secrets.A.key goes with secretsmanager only"],
    ),
    "environment without keys": (
        "  local:\n    platform: local\n",
        "  local:\n",
        [
            "12:9  environments.local wants keys and values, found nothing",
            "known here: platform, url, port, domain, tls, cluster, namespace, registry, docker, helm, aws, "
            "notify, terraform, secrets, services, rollout, "
            "protected, keep, backups, notes",
        ],
    ),
    "topic of no shape": (
        "  prod:\n",
        "  prod:\n    notify: {sns: 'shop alerts'}\n",
        ['9:19  environments.prod.notify.sns wants a topic\'s ARN or name, found the text "shop alerts"'],
    ),
    "no service": (
        "services:\n  api:\n    build: {context: .}\n    port: 8080\n",
        "services: {}\n",
        ["3:11  services wants at least one service"],
    ),
    "newer cloudnorth wanted": (
        "project: hello\n",
        "project: hello\nrequires: '>=9'\nfrom_the_future: 1\n",
        ["3:11  the file wants cloudnorth >=9, this is 0.1.0", "to install it: pip install 'cloudnorth>=9'"],
    ),
    "unreadable version": (
        "project: hello\n",
        "project: hello\nrequires: newest\n",
        ['3:11  requires wants a version such as ">=0.1", found "newest"'],
    ),
    "indented with a tab": (
        "    port: 8080",
        "\tport: 8080",
        ["6:1  the line is indented with a tab", "YAML wants spaces"],
    ),
    "second document": (
        "    platform: local\n",
        "    platform: local\n---\nversion: 1\n",
        ["14:1  a second document begins here; one file holds one"],
    ),
    "foreign tag": (
        "context: .",
        "context: !!python/object:os.system .",
        ["5:22  the tag tag:yaml.org,2002:python/object:os.system is not known here", "leave it out"],
    ),
    "alias of nothing": (
        "context: .",
        "context: *there",
        ["5:22  *there names nothing that was finished before it"],
    ),
    "alias of itself": (
        "    build: {context: .}",
        "    build: &me {args: *me}",
        ["5:23  *me names nothing that was finished before it"],
    ),
    "key that is a list": ("    port: 8080", "    ? [port]\n    : 8080", ["6:7  a key must be a text"]),
    "merge of a text": (
        "    port: 8080",
        "    <<: port",
        ["6:9  << wants a mapping, or a list of mappings"],
    ),
}


@pytest.mark.usefixtures("each_loader")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(name: str, folder: Folder) -> None:
    right, wrong, expected = MISTAKES[name]
    assert right in RIGHT
    said = folder.mistake(RIGHT.replace(right, wrong))
    assert said == "\n".join([f"cloudnorth.yaml:{expected[0]}", *expected[1:]])


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(folder: Folder) -> None:
    text = RIGHT.replace("port: 8080", "port: no").replace("chart: chart", "chrt: chart").replace("hello", "Hello")
    lines = folder.mistake(text).splitlines()
    places = [re.match(r"cloudnorth\.yaml:(\d+):\d+  ", line) for line in lines]
    assert [int(place[1]) for place in places if place] == [2, 6, 11, 11]


def test_of_many_mistakes_the_first_twenty_are_told_and_the_rest_counted(folder: Folder) -> None:
    wrong = "".join(f"    wrong{number}: 1\n" for number in range(25))
    lines = folder.mistake(RIGHT.replace("    port: 8080\n", wrong)).splitlines()
    assert sum("is not a known key" in line for line in lines) == 20
    assert lines[-1] == "and 5 more"


def test_a_wrong_default_is_told_once_where_it_stands(folder: Folder) -> None:
    said = folder.mistake(RIGHT + "defaults: {rollout: {timeout: 3}}\n")
    assert said.startswith("cloudnorth.yaml:14:31  defaults.rollout.timeout wants a duration")
    assert len(said.splitlines()) == 1


def test_aliases_that_stand_for_millions_of_values_are_refused(folder: Folder) -> None:
    bomb = ["  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    said = folder.mistake(RIGHT + "verify:\n" + "\n".join(bomb) + "\n")
    assert said == "cloudnorth.yaml:19:7  stands for more than 20,000 values, with aliases expanded"


@pytest.mark.usefixtures("each_loader")
@pytest.mark.parametrize("mark", ["[", "{a: ", "- ", "? "])
def test_endless_nesting_is_refused(mark: str, folder: Folder) -> None:
    text = mark * 100_000
    assert re.match(r"cloudnorth\.yaml:\d+:\d+  is (nested more than 40 levels deep|not YAML)", folder.mistake(text))


@pytest.mark.usefixtures("each_loader")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "cloudnorth.yaml:1:1  the file is empty"),
        (b"\n# nothing yet\n", "cloudnorth.yaml:1:1  the file is empty"),
        (b"~\n", "cloudnorth.yaml:1:1  the file is empty"),
        (b"version: 1\nproject: caf\xe9\n", "cloudnorth.yaml:2:13  is not UTF-8: byte 0xe9"),
        (b"\xff\xfev\x00e\x00r\x00", "cloudnorth.yaml:1:1  is not UTF-8: byte 0xff"),
        ("# é\n# é\nproject: é\x07b\n".encode(), "cloudnorth.yaml:3:11  a character stands here that YAML does not"),
        (b"version: 1\nproject: a\x07b\n", "cloudnorth.yaml:2:11  a character stands here that YAML does not allow"),
        (b"- version\n", "cloudnorth.yaml:1:1  the file wants keys and values at its top"),
        (b"hello\n", "cloudnorth.yaml:1:1  the file wants keys and values at its top"),
        (b"version: 1\nproject: [a\n", "cloudnorth.yaml:3:1  is not YAML: "),
        (b"x" * 10_000_000, "cloudnorth.yaml  is 10.0 MB; a configuration has at most 1 MB"),
    ],
    ids=range(11),
)
def test_a_file_that_is_no_configuration_is_refused(data: bytes, expected: str, folder: Folder) -> None:
    (folder.path / "cloudnorth.yaml").write_bytes(data)
    with pytest.raises(UsageError) as raised:
        folder.load()
    assert told(raised.value).startswith(expected)


def test_a_byte_order_mark_is_no_mistake(folder: Folder) -> None:
    assert folder.write("\ufeff" + RIGHT).project == "hello"


def test_a_directory_is_refused(folder: Folder) -> None:
    (folder.path / "cloudnorth.yaml").mkdir()
    with pytest.raises(UsageError, match="is a directory; a file is wanted"):
        folder.load()


def test_whatever_is_done_to_a_file_it_loads_or_is_told_with_a_place(folder: Folder) -> None:
    text = SHOP.read_text()
    chance = random.Random(3)
    pieces = [*"{}[]:,&*!|>'\"%@`#?-\t\n \0", "  ", "yes", "~", "<<: ", "*a", "&a ", "---\n", "\u2028", "9" * 400]
    ends = []
    for _ in range(300):
        broken = text
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(broken))
            broken = broken[:at] + chance.choice(pieces) + broken[at + chance.choice([0, 0, 1, 5, 40]) :]
        ends.append(place_of_the_first_mistake(broken, folder))
    assert "loads" in ends
    assert any(end != "loads" for end in ends)
    assert [end for end in ends if not re.fullmatch(r"loads|cloudnorth\.yaml:\d+:\d+", end)] == []


def place_of_the_first_mistake(text: str, folder: Folder) -> str:
    """`loads` where there is none; any other error than a usage error is the test's failure."""
    (folder.path / "cloudnorth.yaml").write_text(text)
    try:
        loaded = folder.load()
        for name in loaded.environments:
            config.environment(loaded, name, {}, files=False)
    except UsageError as error:
        return error.where or "nowhere"
    return "loads"
