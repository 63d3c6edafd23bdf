"""The labelling interface of a Label Studio project: where labels go and what they are called.

Reads the `<Choices>` over a `<Text>` from the project's XML. It has no entities and no document
type, so that nothing can be expanded or fetched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from model.codebook import Codebook
from model.decision import Decision
from model.errors import LabelError
from service.errors import BadRequestError

_NONE = frozenset({"none", "无", "无主题"})
_FIELD = "label_config"


@dataclass(slots=True)
class _Choices:
    name: str
    to: str
    several: bool
    # What an annotation holds, and what is shown: an alias takes the place of the value.
    values: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """What a project wants to know of a text.

    Attributes:
        control, text: the names of the choices and of the text.
        key: where a task has its text.
        several: whether several choices may be made.
        choices: what the project calls each label, by the label's id.
        none: what it calls a text without a label; None where it has no word for it.
    """

    control: str
    text: str
    key: str
    several: bool
    choices: Mapping[str, str]
    none: str | None

    def chosen(self, decision: Decision) -> tuple[list[str], float]:
        """The choices for a text, and how sure the least sure of them is, 0 to 1."""
        known = [label for label in decision.labels if label in self.choices]
        known.sort(key=lambda label: -decision.scores[label])
        if not known:
            rest = 1.0 - max(decision.scores.get(label, 0.0) for label in self.choices)
            return [self.none] if self.none is not None else [], rest
        given = known if self.several else known[:1]
        return [self.choices[label] for label in given], decision.scores[given[-1]]


def read_label_config(xml: str, codebook: Codebook) -> LabelConfig:
    """What a project's XML says; choices are ids, numbers or names of the codebook.

    Raises:
        BadRequestError: it is no XML, or has no choices over a text that name a label.
    """
    found, texts = _parsed(xml)
    for choices in found:
        if choices.to in texts:
            named, none = _mapped(choices.values, codebook)
            if named:
                key = texts[choices.to]
                return LabelConfig(choices.name, choices.to, key, choices.several, named, none)
    names = "、".join(theme.name_zh for theme in codebook.themes)
    raise BadRequestError(
        f'标注配置里没有可用的 <Choices>：toName 要指向一个 value="$列名" 的 <Text>，'
        f"<Choice> 的 value 要是主题的代码、编号或名称（{names}）",
        [_FIELD],
    )


def _parsed(xml: str) -> tuple[list[_Choices], dict[str, str]]:
    found: list[_Choices] = []
    texts: dict[str, str] = {}
    open_choices: list[_Choices] = []

    def start(tag: str, has: dict[str, str]) -> None:
        if tag == "Choices":
            several = has.get("choice") == "multiple"
            open_choices.append(_Choices(has.get("name", ""), has.get("toName", ""), several))
            found.append(open_choices[-1])
        elif tag == "Choice" and open_choices:
            shown = has.get("value", "")
            open_choices[-1].values.append((has.get("alias") or shown, shown))
        elif tag == "Text" and has.get("valueType", "text") == "text":
            column = has.get("value", "")
            if column.startswith("$"):
                texts[has.get("name", "")] = column[1:]

    def end(tag: str) -> None:
        if tag == "Choices":
            open_choices.pop()

    def refuse(*_: object) -> None:
        raise BadRequestError("标注配置不能有 DOCTYPE", [_FIELD])

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise BadRequestError(f"标注配置不是 XML：第 {error.lineno} 行有误", [_FIELD]) from error
    return found, texts


def _mapped(values: list[tuple[str, str]], codebook: Codebook) -> tuple[dict[str, str], str | None]:
    """What the project calls each label that it has, by id, and what it calls no label."""
    named: dict[str, str] = {}
    none = None
    for held, shown in values:
        for name in (held, shown):
            try:
                named.setdefault(codebook.resolve(name), held)
                break
            except LabelError:
                if name.strip().casefold() in _NONE:
                    none = held
    return named, none
