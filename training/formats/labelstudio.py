"""Label Studio's JSON export: tasks with annotations, and the short form (JSON-MIN).

Cancelled annotations are left out, and so are tasks that nobody has annotated; both are noted.
Where several people annotated a task and differ, the one marked as ground truth decides, else it is
a problem: which of them is right is not for a program to say.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from training.formats.entry import Columns, Entry, Reading

_SHOWN = 5


def is_export(items: list[Any]) -> bool:
    """Whether an array of JSON holds tasks with annotations."""
    return any(isinstance(item, dict) and {"data", "annotations"} <= set(item) for item in items)


def read_tasks(file: str, items: list[Any], columns: Columns, found: Reading) -> Iterator[Entry]:
    """One entry a task that has a valid annotation; `line` is the task's place in the file."""
    unlabelled: list[int] = []
    cancelled = 0
    for number, task in enumerate(items, 1):
        try:
            annotations = task["annotations"]
            valid = [a for a in annotations if not (a.get("was_cancelled") or a.get("skipped"))]
            cancelled += len(annotations) - len(valid)
            text, fields = _said(task["data"], columns)
            if not valid:
                unlabelled.append(number)
                continue
            labels = _agreed([a for a in valid if a.get("ground_truth")] or valid, columns)
        except _TaskError as error:
            found.wrong(file, number, str(error))
        except (KeyError, TypeError, AttributeError):
            found.wrong(file, number, "不是 Label Studio 的任务（应有 data 和 annotations）")
        else:
            yield Entry(file, number, text, labels, fields)
    if cancelled:
        found.note(file, f"略去 {cancelled} 份取消的标注")
    if unlabelled:
        shown = "、".join(map(str, unlabelled[:_SHOWN])) + ("……" if unlabelled[_SHOWN:] else "")
        found.note(file, f"略去 {len(unlabelled)} 个没有标注的任务（第 {shown} 个）")


class _TaskError(Exception):
    """A task that cannot be used; the message says why."""


def _said(data: Mapping[str, Any], columns: Columns) -> tuple[Any, dict[str, Any]]:
    """The text of a task and its other data."""
    name = columns.text_in(data)
    if name is None and columns.text is None:
        texts = [key for key, value in data.items() if isinstance(value, str)]
        name = texts[0] if len(texts) == 1 else None
    if name is None:
        have = "、".join(map(str, data)) or "无"
        raise _TaskError(f"不知道 data 的哪一项是正文（有 {have}）；请用 --text-column 指出")
    return data[name], {key: value for key, value in data.items() if key != name}


def _agreed(annotations: list[Mapping[str, Any]], columns: Columns) -> list[str]:
    """The choices that all annotations of a task agree on."""
    answers = [_choices(annotation, columns) for annotation in annotations]
    if any(set(answer) != set(answers[0]) for answer in answers):
        shown = "；".join("、".join(answer) or "无" for answer in answers[:_SHOWN])
        raise _TaskError(
            f"{len(answers)} 份标注不一致（{shown}）；请在 Label Studio 里裁定（ground truth）"
        )
    return answers[0]


def _choices(annotation: Mapping[str, Any], columns: Columns) -> list[str]:
    chosen: dict[str, list[str]] = {}
    for part in annotation["result"]:
        if part.get("type") == "choices":
            chosen.setdefault(str(part.get("from_name")), []).extend(part["value"]["choices"])
    if columns.labels is not None:
        if chosen and columns.labels not in chosen:
            raise _TaskError(f"没有一组选项叫 {columns.labels}（有 {'、'.join(chosen)}）")
        return chosen.get(columns.labels, [])
    if len(chosen) > 1:
        raise _TaskError(f"有几组选项（{'、'.join(chosen)}）；请用 --label-column 指出是哪一组")
    return next(iter(chosen.values()), [])


def plain_choices(labels: object) -> object:
    """The short form's labels: a string, or `{"choices": […]}` where there are several."""
    if isinstance(labels, dict) and isinstance(labels.get("choices"), list):
        return labels["choices"]
    return labels
