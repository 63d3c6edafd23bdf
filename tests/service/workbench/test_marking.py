"""The deciding words underlined, and nothing of a text ever HTML."""

import html
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from service.client import Evidence
from service.workbench.marking import marked

NUMBERS = {"a": 1, "b": 9}


def evidence(label: str, start: int, end: int, weight: float) -> Evidence:
    return Evidence(label, start, end, "", weight)


def test_the_heavier_of_two_is_shown_and_what_speaks_against_is_not() -> None:
    found = marked(
        "修路灯的网格员",
        [evidence("a", 0, 3, 0.5), evidence("b", 2, 5, 0.9), evidence("a", 6, 7, -1.0)],
        NUMBERS,
    )
    assert found == '<u class="theme-1">修路</u><u class="theme-1">灯的网</u>格员'


def test_a_theme_that_is_not_known_is_left_out() -> None:
    assert marked("修路灯", [evidence("weather", 0, 2, 1.0)], NUMBERS) == "修路灯"


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="<>&\"'/script修路 \n", max_size=30),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "x"]),
            st.integers(0, 40),
            st.integers(0, 40),
            st.floats(-1, 1),
        ),
        max_size=6,
    ),
)
def test_the_text_comes_out_whole_and_escaped(
    text: str, spans: list[tuple[str, int, int, float]]
) -> None:
    found = marked(text, [evidence(*span) for span in spans], NUMBERS)
    bare = re.sub(r'<u class="theme-\d">|</u>', "", found)
    assert "<" not in bare
    assert html.unescape(bare) == text
