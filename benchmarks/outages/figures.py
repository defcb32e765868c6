"""What a scenario measured, beside what was promised."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    measured: float
    #: The most that is acceptable.
    promised: float

    @property
    def holds(self) -> bool:
        return self.measured <= self.promised

    def __str__(self) -> str:
        word = "ok" if self.holds else "MISSED"
        return f"{word:7}{self.name}: {self.measured:g} (at most {self.promised:g})"


@dataclass(kw_only=True)
class Figures:
    """The figures of one scenario."""

    scenario: str
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, measured: float, promised: float) -> None:
        self.figures.append(Figure(name=name, measured=round(measured, 2), promised=promised))

    @property
    def hold(self) -> bool:
        return all(figure.holds for figure in self.figures)

    def __str__(self) -> str:
        return "\n".join([self.scenario, *(f"  {figure}" for figure in self.figures)])
