"""How an assessment speaks: English or Chinese, megawatts or 万千瓦."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Language = Literal["en", "zh"]
MW_PER_WAN_KW = 10.0
PHRASES = ("zh.yaml", "zh_sentences.yaml", "zh_sources.yaml")
FACT = re.compile(r"\{\w+\}")


@cache
def _chinese() -> dict[str, str]:
    folder = files("services.dispatch.assessment")
    texts = (folder.joinpath(name).read_text(encoding="utf-8") for name in PHRASES)
    return {str(english): str(chinese) for text in texts for english, chinese in yaml.safe_load(text).items()}


@cache
def _notes() -> list[tuple[re.Pattern[str], str]]:
    """Phrases with facts in them, as patterns that find the facts again; the one that says most comes first."""
    with_facts = [(english, chinese) for english, chinese in _chinese().items() if FACT.search(english)]
    with_facts.sort(key=lambda pair: -len(FACT.sub("", pair[0])))
    return [(re.compile(_pattern(english)), chinese) for english, chinese in with_facts]


def _pattern(phrase: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(phrase))


@dataclass(frozen=True)
class Speech:
    """Words and figures in one language; the English phrase is the key of its translation."""

    language: Language = "en"
    names: Mapping[str, str] = field(default_factory=dict)
    """What resources are called in Chinese."""

    def __call__(self, phrase: str, **facts: object) -> str:
        """The phrase, with the facts in its places."""
        said = _chinese().get(phrase, phrase) if self.language == "zh" else phrase
        return said.format(**facts) if facts else said

    def note(self, text: str) -> str:
        """What was noted in English, facts and all."""
        if self.language == "en" or in_chinese(text):
            return self(text)
        found = ((pattern.fullmatch(text), chinese) for pattern, chinese in _notes())
        said = (chinese.format(**self._facts(match)) for match, chinese in found if match)
        return next(said, text)

    def _facts(self, match: re.Match[str]) -> dict[str, str]:
        return {name: self.name(fact) for name, fact in match.groupdict().items()}

    def knowing(self, names: Mapping[str, str]) -> "Speech":
        """The same with what resources are called."""
        return replace(self, names=names)

    def name(self, given: str) -> str:
        """A resource as the reader calls it."""
        return self.names.get(given, given) if self.language == "zh" else given

    @property
    def power_unit(self) -> str:
        return "MW" if self.language == "en" else "万千瓦"

    def mw(self, value: float | None) -> str:
        """A power in the unit of the language, without its name."""
        if value is None:
            return "–"
        shown, digits = (value, 1) if self.language == "en" else (value / MW_PER_WAN_KW, 2)
        return f"{round(shown, digits) + 0.0:,.{digits}f}"

    def power(self, mw: float | None) -> str:
        """A power with its unit."""
        return "–" if mw is None else f"{self.mw(mw)} {self.power_unit}"

    def both(self, mw: float) -> str:
        """In either unit."""
        other = f"{mw / MW_PER_WAN_KW:,.2f} 万千瓦" if self.language == "en" else f"{mw:,.1f} MW"
        return f"{self.power(mw)} ({other})" if self.language == "en" else f"{self.power(mw)}（{other}）"

    def number(self, value: float | None, digits: int = 0) -> str:
        return "–" if value is None else f"{round(value, digits) + 0.0:,.{digits}f}"

    def share(self, value: float | None, digits: int = 2) -> str:
        return "–" if value is None else f"{value:.{digits}%}"


ENGLISH = Speech()


def in_chinese(phrase: str) -> bool:
    """Whether a phrase has its translation."""
    return phrase in _chinese()
