"""Rows as an Excel workbook for people: Chinese headers and values, colours by theme.

Written row by row, so that the memory does not grow with the table; at Excel's limit of rows the
next sheet begins. Everything is written as text or number, so that no cell is a formula. A cell of
more characters than Excel holds is cut and says so.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from service.tables.columns import Columns, Row

SHEET_ROWS = 1_048_576
"""Excel's limit, the header among them."""

LONGEST_CELL = 32_767
"""Characters that Excel holds in a cell."""

HEADERS = {
    "doc": "文件",
    "title": "标题",
    "date": "日期",
    "author": "作者",
    "origin": "来源",
    "para": "段号",
    "start": "起",
    "end": "止",
    "kind": "类型",
    "text": "文字",
    "labels": "主题",
    "status": "状态",
    "uncertain": "拿不准的主题",
    "model": "模型",
    "codebook": "编码手册",
    "evidence": "依据",
}
"""What the columns of a scored row are called."""

SHOWN_SCORE = "的概率"
"""What stands behind the name of a theme above its scores."""

VALUES = {
    "kind": {"body": "正文", "heading": "标题", "furniture": "页面杂项"},
    "status": {"labelled": "有主题", "none": "无主题", "uncertain": "不确定"},
}
"""What the values of a column are called."""

_WIDTHS = {"doc": 32, "title": 28, "text": 80, "labels": 22, "uncertain": 16, "evidence": 40}
_FILLS = ("#DCE9F7", "#DFF2E1", "#F5E1F3", "#FFF0CC", "#D8F1F4", "#FBDFDC")


class Workbook:
    """Writes rows under a header that stays in view.

    Args:
        path: where to.
        columns: what to write of each row.
        themes: the name of each theme by its id, in codebook order, which gives the colours.
        sheet_rows: after so many rows, the header among them, the next sheet begins.
    """

    def __init__(
        self,
        path: Path,
        columns: Columns,
        themes: Mapping[str, str],
        *,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(
            path,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self._columns = columns
        self._themes = themes
        self._sheet_rows = sheet_rows
        self._head = self._book.add_format({"bold": True, "bg_color": "#E8E8E8", "bottom": 1})
        self._fills = {
            theme: self._book.add_format({"bg_color": _FILLS[n % len(_FILLS)]})
            for n, theme in enumerate(themes)
        }
        self._scores = {f"score_{theme}": theme for theme in themes}
        self._sheets = 0
        self._begin()

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        for row in rows:
            if self._line == self._sheet_rows:
                self._end()
                self._begin()
            self._write(row)

    def close(self) -> None:
        """Write what is left."""
        self._end()
        self._book.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet: Any = self._book.add_worksheet(f"结果{self._sheets}")
        self._sheet.freeze_panes(1, 0)
        for n, name in enumerate(self._columns.names):
            self._sheet.set_column(n, n, _WIDTHS.get(name, 12))
            self._sheet.write_string(0, n, _cut(self._header(name)), self._head)
        self._line = 1

    def _end(self) -> None:
        self._sheet.autofilter(0, 0, max(self._line - 1, 1), len(self._columns.names) - 1)

    def _header(self, name: str) -> str:
        if name in self._scores:
            return self._themes[self._scores[name]] + SHOWN_SCORE
        if name in self._columns.fixed:
            return HEADERS.get(name, name)
        # What the input called 日期 is not our 日期.
        return f"{name}（原表）" if name in HEADERS.values() else name

    def _write(self, row: Row) -> None:
        for n, name in enumerate(self._columns.names):
            value = row.get(name)
            fill = self._fill(name, row)
            if isinstance(value, int | float):
                self._sheet.write_number(self._line, n, value, fill)
            elif value:
                self._sheet.write_string(self._line, n, _cut(self._shown(name, value)), fill)
        self._line += 1

    def _fill(self, name: str, row: Row) -> Any:
        """The colour of a theme: for the first of a row's labels, and for each one's score."""
        labels = row["labels"]
        if name == "labels" and labels:
            return self._fills.get(labels[0])
        theme = self._scores.get(name)
        return self._fills[theme] if theme and theme in labels else None

    def _shown(self, name: str, value: Any) -> str:
        if name in ("labels", "uncertain"):
            return ";".join(self._themes.get(label, label) for label in value)
        if name == "evidence":
            return "；".join(
                f"{self._themes.get(item['label'], item['label'])}："
                f"{item.get('text') or '{start}–{end}'.format(**item)}（{item['weight']:+.2f}）"
                for item in value
            )
        fixed = VALUES.get(name, {}) if name in self._columns.fixed else {}
        return fixed.get(value, str(value))


def _cut(text: str) -> str:
    if len(text) <= LONGEST_CELL // 2 or len(text.encode("utf-16-le")) <= 2 * LONGEST_CELL:
        return text
    note = f"……（共 {len(text)} 字，Excel 放不下，已截断）"
    # A character outside the basic plane counts twice.
    return text[: LONGEST_CELL // 2 - len(note)] + note
