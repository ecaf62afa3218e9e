"""The page: tables and pictures in one file that needs nothing else, and the same on paper."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grid_models.errors import BadInput
from services.dispatch.assessment import tables
from services.dispatch.assessment.document.assessment import Assessment, Verdict
from services.dispatch.assessment.report.sections import Section, sections
from services.dispatch.assessment.speech import ENGLISH, Speech

if TYPE_CHECKING:
    from jinja2 import Template

FORMS = (".html", ".pdf")
TONES = {"yes": "yes", "no": "no", "not tested": "open"}
PANGO = "install Pango (on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk), or name an .html"


def write_report(found: Assessment, path: Path, say: Speech = ENGLISH) -> None:
    """Whole or not at all; the suffix says whether as a page or on paper."""
    if path.suffix not in FORMS:
        raise BadInput(str(path), f"names no form of a report; accepted are {', '.join(FORMS)}")
    content = html(found, say).encode() if path.suffix == ".html" else pdf(found, say)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)


def html(found: Assessment, say: Speech = ENGLISH) -> str:
    """The report as a page."""
    say = say.knowing(found.names_zh)
    return rendered(
        Page(
            title=_title(found, say),
            kind=say("Peak-load response: can the province answer its share of the peak?"),
            tone=TONES[found.headline.answer],
            headline=tables.headline(found, say),
            figures=tuple(_figures(found, say)),
            sections=tuple(sections(found, say)),
            hash=found.hash,
            document=found.model_dump(mode="json"),
        ),
        say,
    )


@dataclass(frozen=True)
class Page:
    """What stands on a page: the answer, a few figures, sections, and all of it as data."""

    title: str
    kind: str
    tone: str
    headline: str
    figures: tuple[tuple[str, str, str], ...]
    sections: tuple[Section, ...]
    hash: str
    document: dict[str, Any]


def rendered(page: Page, say: Speech) -> str:
    """As HTML that needs no other file."""
    return _template().render(
        {**vars(page), "say": say, "style": _text("page.css"), "document": _embedded(page.document)}
    )


def pdf(found: Assessment, say: Speech = ENGLISH) -> bytes:
    """The report on paper, A4."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as missing:
        raise BadInput("report", f"a PDF cannot be made here ({missing}): {PANGO}") from missing
    # On paper nothing can be unfolded.
    opened = html(found, say).replace("<details>", "<details open>")
    return bytes(HTML(string=opened).write_pdf())


def _title(found: Assessment, say: Speech) -> str:
    name = (found.title_zh if say.language == "zh" else found.title) or found.name
    return f"{name} {found.year}" if found.year else name


def _figures(found: Assessment, say: Speech) -> list[tuple[str, str, str]]:
    """The few that a reader takes along."""
    strict = tables.strictest(found)
    head = found.headline
    rows = [
        (say("peak"), say.both(found.load.peak_mw), found.load.peak_at[:16].replace("T", " ")),
        (say("counted"), say.power(head.counted_mw), f"{head.profile.id}, {say(head.profile.level)}"),
        (say("asked"), say.power(head.target_mw), f"{head.target_share:.0%}"),
        (say("held"), say.power(strict.capability.deliverable_mw), _held_how(strict.profile.duration_h, strict, say)),
        (say("gap"), say.power(strict.gap_mw), strict.profile.id),
    ]
    if found.risk:
        less = f"{found.risk.without.lolh_h:.2f} → {found.risk.answered.lolh_h:.2f} h"
        rows.append((say("short hours a year"), less, say("without and with response")))
    return rows


def _held_how(hours: float, verdict: Verdict, say: Speech) -> str:
    share = verdict.capability.ratio(verdict.capability.deliverable_mw)
    return say("{hours:g} h, {share} of the peak", hours=hours, share=say.share(share))


def _embedded(document: dict[str, Any]) -> str:
    """As JSON inside a page: no closing tag may stand in it."""
    return json.dumps(document, ensure_ascii=False).replace("<", "\\u003c")


def _text(name: str) -> str:
    return files("services.dispatch.assessment.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_text("page.html.j2"))
