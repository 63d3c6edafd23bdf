import pytest

from model.normalisation import Normaliser
from model.title import LONGEST, title_ends

LONG = "路" * LONGEST


@pytest.mark.parametrize(
    ("text", "end"),
    [
        pytest.param("修路\n村口的路坏了。", 2, id="a title"),
        pytest.param("修路\n村口的路\n坏了。", 2, id="several lines"),
        pytest.param("修路\r\n村口的路坏了。", 3, id="line ends of Windows"),
        pytest.param("修\u200b路\n村口的路坏了。", 2, id="a character without width"),
        pytest.param(f"{LONG}\n村口", LONGEST, id="as long as a title may be"),
        pytest.param(f"{LONG}路\n村口", 0, id="too long"),
        pytest.param("村口的路坏了。", 0, id="one line"),
        pytest.param("村口的路坏了。\n", 0, id="nothing below"),
        pytest.param("\n村口的路坏了。", 0, id="an empty line first"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_a_title_is_a_short_first_line_of_several(text: str, end: int) -> None:
    assert title_ends(Normaliser()([text])).tolist() == [end]


def test_titles_of_a_batch_are_those_of_its_texts() -> None:
    texts = ["", "一\n二", "三四", "", "五六\n七", "八\n", "\n九", "十\n十一\n十二"]
    normal = Normaliser()(texts)
    found = title_ends(normal) - normal.bounds[:-1]
    assert found.tolist() == [0, 1, 0, 0, 2, 0, 0, 1]
