"""Docs run: the README's tour is executed, and every kind, equation, format and link that is promised is there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grid_models.formats import FORMATS, read_case
from grid_models.resources import KINDS
from services.dispatch.formulations import FORMULATIONS
from services.dispatch.referee import INSPECTORS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CHINESE_README = ROOT / "README.zh-CN.md"
FORMULATION = ROOT / "services/dispatch/README.md"
DOCUMENTS = (
    README,
    CHINESE_README,
    FORMULATION,
    ROOT / "services/forecast/README.md",
    ROOT / "services/dispatch/api/README.md",
    ROOT / "k8s/README.md",
    ROOT / "CHANGELOG.md",
)
EXAMPLES = ROOT / "examples"
CITED = re.compile(r"\((?:eq\. )?([A-Z]\d+(?:, [A-Z]\d+)*)\)")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")
CLAIMS = ("cost ", "accepted", "refused", "three units", "day.xlsx", "True")
"""How lines begin that must be as shown; tables may name other, equally good plans."""
CLOSE = 2e-3
"""Twice the gap of the tour's solves, of the largest number in a line."""


@dataclass(frozen=True)
class Command:
    """One line that a reader types, and what the README says comes back."""

    line: str
    shown: tuple[str, ...]

    @property
    def claims(self) -> list[str]:
        return [line for line in self.shown if line.startswith(CLAIMS)]


def blocks(language: str) -> Iterator[str]:
    return (content for found, content in FENCE.findall(README.read_text()) if found == language)


def commands() -> list[Command]:
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = part.splitlines()
            found.append(Command(line, tuple(shown)))
    return found


def written_scripts(folder: Path) -> None:
    """Every Python block whose first line is a comment with its name."""
    for block in blocks("python"):
        name = block.splitlines()[0].removeprefix("# ")
        (folder / name).write_text(block)


def typed(line: str, folder: Path) -> str:
    """What the command line answers."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, timeout=120, env={**os.environ, "PATH": path}
    )
    assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"
    assert done.returncode == 0 or "refused" in done.stdout, f"{line}\n{done.stderr}"
    return done.stdout


def agrees(claim: str, line: str) -> bool:
    """The same words, and numbers as close as the gap allows."""
    said, found = (NUMBER.findall(text) for text in (claim, line))
    if NUMBER.sub("#", claim).split() != NUMBER.sub("#", line).split():
        return False
    numbers = [[float(number.replace(",", "")) for number in side] for side in (said, found)]
    scale = max([1.0, *map(abs, numbers[0])])
    return all(abs(one - other) <= CLOSE * scale for one, other in zip(*numbers, strict=True))


@pytest.mark.slow
def test_the_tour_runs_as_the_readme_says(tmp_path: Path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    written_scripts(tmp_path)
    for command in commands():
        answer = typed(command.line, tmp_path).splitlines()
        for claim in command.claims:
            assert any(agrees(claim, line) for line in answer), f"$ {command.line}\nclaims: {claim}\nbut: {answer[:4]}"


def told(document: Path) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """The same in every language: blocks of code, what is named as code, links but those between the two."""
    text = document.read_text()
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if link not in (README.name, CHINESE_README.name)]
    return FENCE.findall(text), sorted(set(re.findall(r"`([^`\n]+)`", prose))), sorted(links)


def test_the_chinese_readme_shows_the_same_commands_answers_and_links():
    for here, there in zip(told(README), told(CHINESE_README), strict=True):
        assert here == there


def test_the_readmes_lead_to_each_other_in_their_first_lines():
    for document, other in ((README, CHINESE_README), (CHINESE_README, README)):
        assert f"]({other.name})" in "".join(document.read_text().splitlines()[:4])


def test_a_claim_agrees_within_the_gap_and_not_beyond():
    claim = "cost 7,088,361 -> 7,214,577 CNY (+126,216)"
    assert agrees(claim, "cost 7,088,361 -> 7,218,000 CNY (+129,639)")
    assert not agrees(claim, "cost 7,088,361 -> 7,314,577 CNY (+226,216)")
    assert not agrees(claim, "cost 7,088,361 -> 7,214,577 USD (+126,216)")


def test_the_tour_uses_every_command_and_names_its_scripts():
    lines = [command.line for command in commands()]
    for command in ("solve", "check", "diff", "convert"):
        assert any(line.startswith(f"gridflex {command} ") for line in lines), command
    for block in blocks("python"):
        name = block.splitlines()[0].removeprefix("# ")
        assert any(name in line for line in lines), name


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_a_sound_case_with_sources(path: Path):
    case = read_case(path).case
    assert case.sources
    case.check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_formulated_refereed_documented_and_solved_by_hand(kind: str):
    assert kind in FORMULATIONS
    assert kind in INSPECTORS
    assert f"\n## {kind}\n" in FORMULATION.read_text(), f"no section '## {kind}' in {FORMULATION}"
    assert f"\n| `{kind}` |" in README.read_text(), f"no row of '{kind}' in the README's table of kinds"
    hand_solved = ROOT / f"tests/dispatch/math/test_{kind}.py"
    assert hand_solved.is_file(), f"{hand_solved} is missing"


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_its_row(name: str):
    assert f"\n| `{name}` |" in README.read_text()


def cited_tags() -> set[str]:
    """Equations that the engine's comments and docstrings name; the referee knows no equation."""
    sources = (path for path in (ROOT / "services/dispatch").rglob("*.py") if "referee" not in path.parts)
    return {tag for path in sources for tags in CITED.findall(path.read_text()) for tag in tags.split(", ")}


def stated_tags() -> list[str]:
    return re.findall(r"\\tag\{(\w+)\}", FORMULATION.read_text())


def test_every_equation_that_the_code_cites_is_stated_and_the_reverse():
    stated = stated_tags()
    assert sorted(set(stated)) == sorted(stated), "a tag is stated twice"
    assert set(stated) == cited_tags()


def test_every_equation_that_the_text_names_is_stated():
    named = set(
        re.findall(r"\b([A-Z]\d{1,2})\b", re.sub(r"^```.*?^```$", "", FORMULATION.read_text(), flags=re.M | re.S))
    )
    assert named <= set(stated_tags())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_leads_nowhere(document: Path):
    text = document.read_text()
    anchors = {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in headings(text)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, f"{target} is no heading of {document.name}"
        elif "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), f"{target} does not exist"


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.MULTILINE)
