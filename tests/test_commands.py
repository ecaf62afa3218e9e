"""What a dispatcher types and what comes back: tables, JSON, exit codes, and one clear message where input is bad."""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gridflex.commands import main
from services.dispatch.planning import Progress
from services.dispatch.watching import in_words, watching

TINY: dict[str, Any] = {
    "format_version": 1,
    "name": "tiny",
    "horizon": {"start": "2024-07-29T00:00:00+08:00", "step_min": 60, "steps": 3},
    "zones": [{"name": "north", "demand_mw": [50.0, 80.0, 60.0]}],
    "resources": [
        {
            "name": "coal",
            "kind": "thermal",
            "zone": "north",
            "min_mw": 20.0,
            "max_mw": 100.0,
            "cost": [[20.0, 6000.0], [100.0, 30000.0]],
            "emission_t_per_mwh": 0.8,
            "initial": {"on": True, "hours": 5, "power_mw": 50.0},
        }
    ],
}
COST = 190 * 300
"""Coal at 300 CNY/MWh carries 50 + 80 + 60 MWh."""


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return written(tmp_path, TINY)


def written(folder: Path, document: Any, name: str = "case.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def solved(tiny: Path) -> Path:
    """A plan of the tiny case, on disk."""
    path = tiny.with_name("plan.json")
    assert 0 == run("solve", tiny, "--plan", path).exit_code
    return path


def test_solve_shows_the_plan_at_a_glance(tiny: Path):
    answer = run("solve", tiny)
    assert 0 == answer.exit_code, answer.output
    for words in ("tiny", "optimal", "57,000", "thermal", "emissions t", "seconds"):
        assert words in answer.stdout


def test_solve_as_json_is_one_object_without_the_schedule(tiny: Path, tmp_path: Path):
    answer = run("solve", tiny, "--json", "--plan", tmp_path / "plan.json")
    document = json.loads(answer.stdout)
    assert COST == pytest.approx(document["cost"])
    assert str(tmp_path / "plan.json") == document["plan"]
    assert "power_mw" not in document


def test_progress_goes_to_the_error_stream_only(tiny: Path):
    answer = run("solve", tiny, "--json")
    json.loads(answer.stdout)
    assert " s" in answer.stderr


def test_check_accepts_what_solve_wrote(solved: Path, tiny: Path):
    answer = run("check", solved, tiny)
    assert (0, True) == (answer.exit_code, "accepted" in answer.stdout)


def test_check_refuses_a_plan_that_was_bent(solved: Path, tiny: Path):
    """One MW more than the unit may give."""
    plan = json.loads(solved.read_text())
    plan["resources"]["coal"]["power_mw"][1] = 101.0
    answer = run("check", written(tiny.parent, plan, "bent.json"), tiny)
    assert (1, True) == (answer.exit_code, "refused" in answer.stdout)


def test_check_as_json_lists_the_objections(solved: Path, tiny: Path):
    plan = json.loads(solved.read_text())
    plan["cost"] = 1.0
    document = json.loads(run("check", written(tiny.parent, plan, "bent.json"), tiny, "--json").stdout)
    assert not document["accepted"]
    assert COST == pytest.approx(document["cost"])
    assert "cost" in {violation["rule"] for violation in document["violations"]}


def test_solve_starts_from_a_plan(solved: Path, tiny: Path):
    answer = run("solve", tiny, "--start", solved, "--json")
    assert COST == pytest.approx(json.loads(answer.stdout)["cost"])


def test_solve_leaves_a_memory_and_starts_from_it(tiny: Path, tmp_path: Path):
    began = []
    for name in ("first.json", "again.json"):
        answer = run("solve", tiny, "--memory", tmp_path / "memory.json", "--plan", tmp_path / name, "--json")
        assert COST == pytest.approx(json.loads(answer.stdout)["cost"])
        began.append(json.loads((tmp_path / name).read_text())["solver"]["started_from"])
    assert [None, "tiny from 2024-07-28 16:00 UTC"] == began


def test_solve_refuses_a_file_that_is_no_memory_and_leaves_it_alone(tiny: Path, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not to be lost")
    answer = run("solve", tiny, "--memory", notes)
    assert (2, True) == (answer.exit_code, "not the memory of an earlier solve" in answer.stderr)
    assert "not to be lost" == notes.read_text()


def test_diff_says_what_changed_and_what_it_cost(solved: Path, tmp_path: Path):
    """Ten MW less demand in the second hour saves 10 MWh at 300."""
    easier = TINY | {"zones": [{"name": "north", "demand_mw": [50.0, 70.0, 60.0]}]}
    other = tmp_path / "other.json"
    run("solve", written(tmp_path, easier, "easier.json"), "--plan", other)
    document = json.loads(run("diff", solved, other, "--json").stdout)
    assert -3000 == pytest.approx(document["cost"]["after"] - document["cost"]["before"])
    assert "-3,000" in run("diff", solved, other).stdout


def test_convert_goes_to_another_format_and_back(tiny: Path, tmp_path: Path):
    there, back = tmp_path / "case.pglib.json", tmp_path / "back.yaml"
    assert 0 == run("convert", tiny, there).exit_code
    assert 0 == run("convert", there, back, "--from", "pglib-uc").exit_code
    assert COST == pytest.approx(json.loads(run("solve", back, "--json").stdout)["cost"])


def test_convert_takes_a_built_in_province(tmp_path: Path):
    answer = run("convert", "zhejiang", tmp_path / "zhejiang.yaml")
    assert (0, True) == (answer.exit_code, "24 steps" in answer.stdout)


def test_formats_lists_them_and_publishes_the_schema():
    assert "pglib-uc" in run("formats").stdout
    assert "horizon" in json.loads(run("formats", "--schema").stdout)["properties"]


def changed(**fields: Any) -> Callable[[Path], Path]:
    return lambda folder: written(folder, TINY | fields)


def unit(**fields: Any) -> Callable[[Path], Path]:
    return changed(resources=[TINY["resources"][0] | fields])


def text(content: str | bytes, name: str = "case.json") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


HORIZON = TINY["horizon"]
GARBAGE = bytes(range(256)) * 40_000
"""Ten megabytes of it."""
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(30))
"""Written out it would hold two thousand million words."""

BAD_CASES = {
    "missing file": (lambda folder: folder / "nothing.json", "does not exist"),
    "empty folder": (lambda folder: folder, ""),
    "empty file": (text(""), ""),
    "wrong format": (text('{"buses": 3}'), "format"),
    "a list": (text("[1, 2]"), ""),
    "broken json": (text('{"horizon": '), ""),
    "nan": (text(json.dumps(TINY).replace("80.0", "NaN")), "demand_mw"),
    "infinity": (text(json.dumps(TINY).replace("80.0", "Infinity")), "demand_mw"),
    "negative capacity": (unit(max_mw=-5.0), "max_mw"),
    "minimum above maximum": (unit(min_mw=150.0), "min_mw"),
    "step mismatch": (changed(zones=[{"name": "north", "demand_mw": [1.0, 2.0]}]), "2 values for 3 steps"),
    "duplicate names": (changed(resources=TINY["resources"] * 2), "coal"),
    "naive time": (changed(horizon=HORIZON | {"start": "2024-07-29T00:00:00"}), "start"),
    "unknown field": (changed(colour="red"), "colour"),
    "unknown zone": (unit(zone="south"), "south"),
    "contradiction": (unit(min_down_h=8, must_run=True, initial={"on": False, "hours": 1}), "must be on"),
    "garbage": (text(GARBAGE), ""),
    "truncated gzip": (text(gzip.compress(json.dumps(TINY).encode())[:60], "case.json.gz"), ""),
    "deep nesting": (text("[" * 200_000), ""),
    "yaml bomb": (text(BOMB, "case.yaml"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_CASES)
def test_bad_case_gives_one_message_and_exit_2(name: str, tmp_path: Path):
    make, words = BAD_CASES[name]
    answer = run("solve", make(tmp_path))
    refused(answer)
    assert words in answer.stderr


BAD_OPTIONS: dict[str, tuple[list[str], str]] = {
    "gap that is no number": (["--gap", "small"], "--gap"),
    "negative gap": (["--gap", "-1"], "--gap"),
    "negative time": (["--time-limit", "-5"], "--time-limit"),
    "no threads": (["--threads", "0"], "--threads"),
    "unknown option": (["--fast"], "--fast"),
    "unknown format": (["--from", "excel"], "excel"),
    "no such day": (["--date", "2024-02-31"], "--date"),
    "day of a case of one horizon": (["--date", "2024-07-29"], "horizon"),
    "no such plan": (["--start", "nothing.json"], "nothing.json"),
    "no such rules": (["--rules", "nothing.py"], "nothing.py"),
    "no such folder": (["--plan", "nowhere/plan.json"], "nowhere"),
    "no model": (["--export", "model.docx"], "model.docx"),
    "no such solver": (["--solver", "abacus"], "abacus"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_option_gives_one_message_and_exit_2(name: str, tiny: Path):
    options, words = BAD_OPTIONS[name]
    answer = run("solve", tiny, *options)
    refused(answer)
    assert words in answer.stderr


@pytest.mark.parametrize("words", [["sovle"], ["--bogus"], ["solve"], ["diff", "one.json"]])
def test_bad_command_gives_one_message_and_exit_2(words: list[str]):
    refused(run(*words))


def test_bad_plan_is_refused_by_check_and_diff(tiny: Path):
    refused(run("check", tiny, tiny))
    refused(run("diff", tiny, tiny))
    refused(run("check", tiny.with_name("nothing.json"), tiny))


def test_conversion_that_cannot_be_written_is_refused(tiny: Path, tmp_path: Path):
    refused(run("convert", tiny, tmp_path / "case.docx"))
    refused(run("convert", tiny, tmp_path / "nowhere" / "case.yaml"))


def refused(answer: Result) -> None:
    assert 2 == answer.exit_code, answer.output
    assert 1 == answer.stderr.count("gridflex: ")
    assert "Traceback" not in answer.output
    assert "" == answer.stdout


def test_help_comes_at_once():
    """Under half a second on a quiet machine; no solver and no domain is loaded for it."""
    code = (
        "import sys; import gridflex.commands; print([m for m in ('highspy', 'pydantic', 'numpy') if m in sys.modules])"
    )
    began = time.monotonic()
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[]" == loaded.strip()
    assert time.monotonic() - began < 5


def test_progress_in_words():
    progress = Progress("search", 12.3, 1_000_000.0, 990_000.0, 0.01)
    assert "search         12.3 s  cost 1,000,000  bound 990,000  gap 1.000%" == in_words(progress)


def test_plain_progress_is_a_line_per_phase_and_every_few_seconds(capsys: pytest.CaptureFixture[str]):
    """Read, then search at 1, 2 and 9 s: the line at 2 s is left out."""
    from rich.console import Console

    with watching(Console(stderr=True, force_terminal=False)) as show:
        for phase, seconds in (("read", 0.5), ("search", 1.0), ("search", 2.0), ("search", 9.0)):
            show(Progress(phase, seconds, None, None, None))
    lines = capsys.readouterr().err.splitlines()
    assert ["read", "search", "search"] == [line.split()[0] for line in lines]


def test_a_part_that_is_not_installed_is_named():
    """As in the forecaster's image, which has no solver."""
    code = "import sys; sys.modules['highspy'] = None; from gridflex.commands import main; main()"
    example = Path(__file__).resolve().parents[1] / "examples/three_units.yaml"
    answer = subprocess.run([sys.executable, "-c", code, "solve", str(example)], capture_output=True, text=True)
    assert (2, "", True) == (answer.returncode, answer.stdout, "pip install 'gridflex[dispatch" in answer.stderr)
    assert "Traceback" not in answer.stderr
