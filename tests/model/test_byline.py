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
        ("日期:2024-01-24 08:25来源:河湾发布次阅读", Byline("2024-01-24", "", "河湾发布")),
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


@pytest.mark.parametrize(
    "field",
    [
        "发布时间",
        "发布日期",
        "发文日期",
        "成文日期",
        "更新时间",
        "印发日期",
        "来信时间",
        "提交时间",
        "答复时间",
        "刊发时间",
        "加入时间",
        "日期",
        "时间",
    ],
)
@pytest.mark.parametrize("front", ["", "　　", "栏目 ", "河湾区政府|", "【"])
def test_the_time_of_publishing_is_the_date(field: str, front: str) -> None:
    assert byline(f"标题\n{front}{field}：2019年3月4日\n正文。").date == "2019-03-04"


@pytest.mark.parametrize(
    "line",
    [
        "会议时间：2019年3月4日",
        "活动时间: 2019-03-04",
        "报名时间：2019年3月4日",
        "整改时间：2019年3月4日",
        "作品提交时间：2019年3月4日",
        "请按通知时间：2019年3月4日办理",
        "时间：2019年3月4日上午9:00",
        "时间：2019年3月4日至6日",
        "时间：2019年3月4日\n地点：三楼会议室",
        "一、时间：2019年3月4日",
    ],
)
def test_the_time_of_an_event_is_not_the_date(line: str) -> None:
    assert byline(f"标题\n{line}\n正文。").date == ""


def test_a_field_may_stand_right_behind_the_value_of_another() -> None:
    line = "作者：李明加入时间：2016/7/20 8:18:27来源：护理部"
    assert byline(f"标题\n{line}\n正文。") == Byline("2016-07-20", "李明", "护理部")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("来源：河湾经济技术开发区管委会", "河湾经济技术开发区管委会"),
        ("来源：河湾经济技术开发区管委会发布时间：2024-05-06", "河湾经济技术开发区管委会"),
        ("来源：河湾商报·商报网商报网讯（记者 李明）3月4日，", "河湾商报·商报网"),
        ("来源：河湾商报·商报网\n商报网讯 3月4日，", "河湾商报·商报网"),
        ("来源：河湾青年网作者：李明", "河湾青年网"),
        ("来源：民政局2024-05-06 10:20", "民政局"),
        ("（来源：河湾日报）", "河湾日报"),
        ("信息来源：区民政局", "区民政局"),
        ("文章来源: 区民政局", "区民政局"),
        ("稿件来源：区民政局　浏览：12", "区民政局"),
        ("字号：大 新闻来源：区民政局", "区民政局"),
        ("2024年5月6日消息来源：区民政局", "区民政局"),
        ("资金来源：李四五捐款十万元", ""),
        ("该村生活用水来源：东河水库。", ""),
        ("（图片来源：河湾日报）", ""),
        ("凡注明“来源：河湾日报”的作品，不得转载。", ""),
        ("来源：", ""),
    ],
)
def test_the_origin_is_whole_and_not_that_of_something_else(line: str, wanted: str) -> None:
    assert byline(f"标题\n{line}\n正文。").origin == wanted


def test_an_author_is_whole() -> None:
    assert byline("标题\n作者：欧阳小明发布时间：2024-05-06\n正文。").author == "欧阳小明"
    assert byline("标题\n文件写明的合作者：李明\n正文。").author == ""


@pytest.mark.parametrize(
    "line",
    [
        "2024-05-06 10:20 来源：民政局",
        "来源：民政局 2024年5月6日",
        "2024年05月06日 星期一 10时20分 来源：民政局",
        "发布于 2024-05-06",
        "河湾发布 发布于2024-05-06 10:20",
        "2024-05-06发布",
        "2024.5.6 | 阅读 120",
        "李明 2024/5/6 10:20:31 浏览次数：17",
        "2024-05-06",
        "[2024-05-06 10:20]",
        "（2024年5月6日）",
        "2024 年 5 月 6 日 星期一",
        "二〇二四年五月六日",
        "二○二四年五月六日",
        "二Ｏ二四年五月六日 来源：民政局",
    ],
)
def test_short_lines_of_fields_and_lines_of_a_date_alone_say_the_date(line: str) -> None:
    assert byline(f"标题\n{line}\n正文。").date == "2024-05-06"


@pytest.mark.parametrize(
    "line",
    [
        "2024年5月6日，民政局发布 通知。",
        "2024年5月6日新闻发布会在河湾举行",
        "记者 李明从区民政局了解到，2024年5月6日 起执行",
        "该办法发布于2024年5月6日 执行",
        "2024-05-01 至 2024-05-06 发布",
        "施工时间：2024-05-06 发布",
        "二〇二四年五月六日召开大会",
        "2024年5月",
        "20240506",
        f"{'河湾区' * 20} 2024-05-06 来源：民政局",
    ],
)
def test_a_date_in_a_sentence_is_not_that_of_the_page(line: str) -> None:
    assert byline(f"标题\n{line}\n正文。").date == ""


def test_the_full_name_of_a_field_counts_before_any_other_date() -> None:
    text = "标题\n2024-05-01\n时间：2024年5月3日\n发布日期：2024-05-06\n正文。"
    assert byline(text).date == "2024-05-06"


def test_the_entries_of_a_chronicle_are_not_its_date() -> None:
    entries = [f"2024年5月{day}日\n区里开展了活动。\n" for day in (6, 7, 8)]
    assert byline("大事记\n" + "".join(entries[:2]) + "正文。").date == "2024-05-06"
    assert byline("大事记\n" + "".join(entries) + "正文。" * 200).date == ""


@pytest.mark.parametrize(
    "ending",
    [
        "二〇二四年五月六日",
        "2024年5月6日",
        "　　　　2024 年 5 月 6 日\n（此件公开发布）\n",
        "河湾区民政局\n2024-5-6\n附件：名单.docx\n打印本页",
        "河湾区民政局 2024年5月6日",
        "特此通告。河湾区民政局办公室 2024年5月6日【打印本页】",
        "河湾区民政局二〇二四年五月六日",
    ],
)
def test_a_signed_text_has_the_date_of_its_signature(ending: str) -> None:
    assert byline(f"通知\n{'正文。' * 1000}\n{ending}").date == "2024-05-06"


@pytest.mark.parametrize(
    "ending",
    [
        "本办法自2024年5月6日起施行。",
        "联系人李明 2024年5月6日",
        "由河湾区民政局2024年5月6日",
        "请于 2024年5月6日",
        "2024年月日",
        "2024年5月6日\n" + "又一行。\n" * 6,
    ],
)
def test_a_date_that_signs_nothing_is_not_that_of_the_text(ending: str) -> None:
    assert byline(f"通知\n{'正文。' * 1000}\n{ending}").date == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("二〇二四年十二月三十一日", "2024-12-31"),
        ("一九九八年十月十日", "1998-10-10"),
        ("二零零九年一月二十日", "2009-01-20"),
        ("二〇二四年二月三十日", ""),
        ("二〇二四年十三月一日", ""),
        ("三〇二四年五月六日", ""),
        ("一九九八年十月十日和1997年1月1日", "1998-10-10"),
        ("2024" + " " * 100_000, ""),
    ],
)
def test_dates_in_chinese_numerals_are_dates(text: str, wanted: str) -> None:
    assert iso_date(text) == wanted
