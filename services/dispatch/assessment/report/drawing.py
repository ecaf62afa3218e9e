"""Small vector pictures: axes, areas, steps, bars and cells as SVG, in text that any browser and any printer shapes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 640.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 12.0, 24.0, 34.0
TICKS = 5
FONT_PX = 11


@dataclass(frozen=True)
class Frame:
    """Where values lie on the paper."""

    first: float
    last: float
    low: float
    high: float
    width: float = WIDTH
    height: float = HEIGHT

    @classmethod
    def around(
        cls, first: float, last: float, low: float, high: float, height: float = HEIGHT, width: float = WIDTH
    ) -> "Frame":
        """With round numbers at both ends of the upright axis."""
        step = tick_step(low, high)
        return cls(first, last, floor(low / step) * step, ceil(high / step - 1e-9) * step, width, height)

    def x(self, value: float) -> float:
        share = (value - self.first) / (self.last - self.first or 1.0)
        return LEFT + share * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low or 1.0)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)


def tick_step(low: float, high: float) -> float:
    """1, 2 or 5 times a power of ten, so that about five ticks lie between."""
    span = (high - low) or 1.0
    power = 10.0 ** floor(log10(span / TICKS))
    return next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= TICKS + 1)


def ticks(last: float) -> list[float]:
    """Round values from 0 on that leave room for their words before the end."""
    step = tick_step(0, last)
    return [place * step for place in range(int(0.97 * last / step) + 1)]


@dataclass
class Drawing:
    """A picture that grows by shapes."""

    frame: Frame
    title: str
    shapes: list[str] = field(default_factory=list)

    def area(self, places: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, tip: str) -> None:
        """Between two lines."""
        there = [*zip(places, high, strict=True), *reversed(list(zip(places, low, strict=True)))]
        points = " ".join(f"{self.frame.x(x):.1f},{self.frame.y(y):.1f}" for x, y in there)
        self.shapes.append(f'<polygon points="{points}" fill="{colour}"><title>{escape(tip)}</title></polygon>')

    def line(self, places: Sequence[float], values: Sequence[float], colour: str, dashes: str = "") -> None:
        points = " ".join(
            f"{self.frame.x(x):.1f},{self.frame.y(y):.1f}" for x, y in zip(places, values, strict=True)
        )  # fmt: skip
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.shapes.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"{style}/>')

    def box(self, left: float, right: float, low: float, high: float, colour: str, tip: str) -> None:
        x, y = self.frame.x(left), self.frame.y(high)
        width, height = self.frame.x(right) - x, self.frame.y(low) - y
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{max(0.0, height):.1f}" '
            f'fill="{colour}"><title>{escape(tip)}</title></rect>'
        )

    def words(self, x: float, y: float, text: str, anchor: str = "middle", colour: str = "#444") -> None:
        """At a place on the paper."""
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{FONT_PX}" text-anchor="{anchor}" fill="{colour}">'
            f"{escape(text)}</text>"
        )

    def upright_axis(self, unit: str, digits: int = 0) -> None:
        """Grid lines with their values, and the unit above them."""
        frame = self.frame
        step = tick_step(frame.low, frame.high)
        for place in range(round((frame.high - frame.low) / step) + 1):
            value = frame.low + place * step
            y = frame.y(value)
            colour = "#888" if abs(value) < 1e-9 else "#e3e3e3"
            self.shapes.insert(
                0, f'<line x1="{LEFT}" x2="{frame.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
            )
            self.words(LEFT - 6, y + 4, f"{value + 0.0:,.{max(digits, 0 if step >= 1 else 2)}f}", "end")
        self.words(4, FONT_PX, unit, "start", "#777")

    def level_axis(self, labels: Iterable[tuple[float, str]]) -> None:
        for value, text in labels:
            self.words(self.frame.x(value), self.frame.height - BOTTOM + 16, text)

    def legend(self, entries: Iterable[tuple[str, str]]) -> str:
        """As a line of HTML beneath: it wraps where a picture cannot."""
        return "".join(
            f'<span class="key"><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in entries
        )

    def svg(self) -> str:
        frame = self.frame
        return (
            f'<svg viewBox="0 0 {frame.width:g} {frame.height:g}" role="img" xmlns="http://www.w3.org/2000/svg" '
            f'font-family="inherit"><title>{escape(self.title)}</title>{"".join(self.shapes)}</svg>'
        )
