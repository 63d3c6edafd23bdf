"""What the labels are called and what they mean.

A codebook file is TOML: a `version`, the general `rules`, and the `themes` in order, each with its
id, number, names, definition, what counts, what does not, and worked examples. An artifact keeps
ids, numbers and names only.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import CodebookError, LabelError


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: a text, whether the theme applies to it, and why."""

    text: str
    applies: bool
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A general rule of labelling, with examples where one is needed."""

    text: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """One label.

    Attributes:
        id: what machines see.
        number: its number in the codebook, from 1.
        name_zh, name_en: what people see.
        definition: one sentence.
        counts, excludes: what belongs to it and what does not.
        examples: worked examples.
    """

    id: str
    number: int
    name_zh: str
    name_en: str
    definition: str = ""
    counts: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Codebook:
    """The themes in order, and the version of the text that defines them."""

    version: str
    themes: tuple[Theme, ...]
    rules: tuple[Rule, ...] = field(default=())

    @property
    def ids(self) -> tuple[str, ...]:
        """The label ids in order."""
        return tuple(theme.id for theme in self.themes)

    def name(self, label: str) -> str:
        """The Chinese name of a label id."""
        return next(theme.name_zh for theme in self.themes if theme.id == label)

    def resolve(self, label: str) -> str:
        """The id of a label given as id, number, Chinese or English name.

        Raises:
            LabelError: none of them.
        """
        # An id comes before a number or a name: a corpus may call its labels 0 and 1.
        if label in self.ids:
            return label
        wanted = label.strip().casefold()
        for theme in self.themes:
            names = (theme.id, str(theme.number), theme.name_zh, theme.name_en)
            if wanted in (name.casefold() for name in names):
                return theme.id
        raise LabelError(label, (f"{t.id}（{t.number} {t.name_zh}）" for t in self.themes))

    def knows(self, label: str) -> bool:
        """Whether a label is an id, a number or a name of this codebook."""
        try:
            self.resolve(label)
        except LabelError:
            return False
        return True

    def summary(self) -> dict[str, Any]:
        """What an artifact keeps: version, ids, numbers and names."""
        return {
            "version": self.version,
            "themes": [
                {"id": t.id, "number": t.number, "name_zh": t.name_zh, "name_en": t.name_en}
                for t in self.themes
            ],
        }

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> "Codebook":
        """The reverse of `summary`."""
        return cls(summary["version"], tuple(Theme(**theme) for theme in summary["themes"]))

    @classmethod
    def of_labels(cls, labels: Iterable[str]) -> "Codebook":
        """A codebook for a corpus that has none: every label is its own name, in sorted order."""
        themes = (
            Theme(label, number, label, label) for number, label in enumerate(sorted(labels), 1)
        )
        return cls("none", tuple(themes))


def load_codebook(path: Path) -> Codebook:
    """Read a codebook file.

    Raises:
        CodebookError: no file, no TOML, a field missing or wrong, an id, number or name twice.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CodebookError(path, f"无法读取（{error.strerror}）") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CodebookError(path, f"不是 UTF-8 编码的 TOML 文件（{error}）") from error
    version = table.get("version")
    if not isinstance(version, str) or not version:
        raise CodebookError(path, "缺少 version（文本）")
    themes = tuple(_theme(path, n, entry) for n, entry in enumerate(table.get("themes", []), 1))
    if not themes:
        raise CodebookError(path, "没有任何主题（[[themes]]）")
    for attribute in ("id", "number", "name_zh", "name_en"):
        values = [getattr(theme, attribute) for theme in themes]
        twice = sorted({str(value) for value in values if values.count(value) > 1})
        if twice:
            raise CodebookError(path, f"{attribute} 重复：{'、'.join(twice)}")
    rules = tuple(
        Rule(rule["text"], tuple(rule.get("examples", []))) for rule in table.get("rules", [])
    )
    return Codebook(version, themes, rules)


def _theme(path: Path, number: int, entry: Mapping[str, Any]) -> Theme:
    for key, kind in (("id", str), ("number", int), ("name_zh", str), ("name_en", str)):
        if not isinstance(entry.get(key), kind):
            raise CodebookError(path, f"第 {number} 个主题缺少 {key}，或类型不对")
    if ";" in entry["id"] or entry["id"].split() != [entry["id"]]:
        raise CodebookError(path, f"第 {number} 个主题的 id {entry['id']!r} 不能含空格或分号")
    try:
        examples = tuple(
            Example(example["text"], bool(example["applies"]), example["why"])
            for example in entry.get("examples", [])
        )
    except (KeyError, TypeError) as error:
        raise CodebookError(
            path, f"主题 {entry['id']} 的例子须有 text、applies、why（缺 {error}）"
        ) from error
    return Theme(
        id=entry["id"],
        number=entry["number"],
        name_zh=entry["name_zh"],
        name_en=entry["name_en"],
        definition=entry.get("definition", ""),
        counts=tuple(entry.get("counts", [])),
        excludes=tuple(entry.get("excludes", [])),
        examples=examples,
    )
