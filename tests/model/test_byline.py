import pytest

from model.byline import Byline, byline, iso_date


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "来源：河湾区政府　作者：李明　发布时间：2024-05-06 10:20",
            Byline("2024-05-06", "李明", "河湾区政府"),
        ),
        (
            "作者:   来源:河湾区政府    时间:2021-12-10 09:45",
            Byline("2021-12-10", "", "河湾区政府"),
        ),
        ("日期:2024-01-24 08:25来源:河湾发布次阅读", Byline("2024-01-24", "", "河湾发布次阅读")),
        (
            "发布机构：河湾市人民政府  成文日期：2023年7月8日",
            Byline("2023-07-08", "", "河湾市人民政府"),
        ),
        ("街道在2024年5月6日开展了活动，来源广泛。", Byline("", "", "")),
        ("", Byline("", "", "")),
    ],
)
def test_the_first_lines_say_when_by_whom_and_where(line: str, wanted: Byline) -> None:
    assert byline(f"标题\n{line}\n正文。") == wanted


def test_what_stands_far_below_is_no_byline() -> None:
    assert byline("正文。" * 1000 + "\n来源：别处") == Byline("", "", "")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024年5月6日", "2024-05-06"),
        ("2024/5/6 10:20", "2024-05-06"),
        ("20240506", "2024-05-06"),
        ("2024-13-45，应为2024-02-03", "2024-02-03"),
        ("2024年5月", ""),
        ("电话 13800138000", ""),
    ],
)
def test_only_dates_that_exist_are_dates(text: str, wanted: str) -> None:
    assert iso_date(text) == wanted
