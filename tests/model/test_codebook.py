from pathlib import Path

import pytest

from model.bundled import bundled
from model.codebook import Codebook, load_codebook
from model.errors import CodebookError, LabelError

BUNDLED = load_codebook(bundled("codebook.toml"))


def test_the_bundled_codebook_says_what_each_theme_is() -> None:
    assert BUNDLED.ids == (
        "infrastructure",
        "grid_management",
        "volunteer_services",
        "property_management",
    )
    for theme in BUNDLED.themes:
        assert theme.definition
        assert theme.counts
        assert theme.excludes
        assert len(theme.examples) >= 6
        assert all(example.why for example in theme.examples)
        assert {example.applies for example in theme.examples} == {True, False}
    assert len(BUNDLED.rules) >= 6


@pytest.mark.parametrize("given", ["grid_management", "2", "网格管理", " Grid Management "])
def test_a_label_is_known_by_id_number_and_names(given: str) -> None:
    assert BUNDLED.resolve(given) == "grid_management"


def test_an_unknown_label_is_refused_with_what_there_is() -> None:
    with pytest.raises(LabelError, match=r"网络管理.*2 网格管理"):
        BUNDLED.resolve("网络管理")


def test_the_summary_comes_back() -> None:
    again = Codebook.from_summary(BUNDLED.summary())
    assert again.ids == BUNDLED.ids
    assert again.name("property_management") == "物业管理"


THEME = '[[themes]]\nid = "a"\nnumber = 1\nname_zh = "甲"\nname_en = "A"\n'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("version = 1", "version", id="version is no text"),
        pytest.param('version = "1"', "没有任何主题", id="no theme"),
        pytest.param('version = "1"\n' + THEME + THEME, "id 重复", id="id twice"),
        pytest.param('version = "1"\n[[themes]]\nid = "a"', "number", id="no number"),
        pytest.param('version = "1"\n' + THEME.replace('"a"', '"a;b"'), "分号", id="semicolon"),
        pytest.param(
            'version = "1"\n' + THEME + "examples = [{text = 'x'}]", "applies", id="example"
        ),
        pytest.param("version = ", "TOML", id="no TOML"),
    ],
)
def test_a_wrong_codebook_is_refused_with_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "codebook.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CodebookError, match=reason):
        load_codebook(path)
