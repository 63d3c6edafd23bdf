import pytest

from model.furniture import is_furniture

FURNITURE = [
    "当前位置：首页 > 政务公开 > 工作动态",
    "您的位置: 首页 新闻 > 正文",
    "首页 | 机构概况 | 政务公开 | 办事服务 | 互动交流",
    "来源：本站　作者：办公室　时间：2024-05-06 10:20　浏览：128次",
    "发布日期：2023年7月8日",
    "2023-07-08 09:15:00",
    "二〇二三年七月八日",
    "【字体：大 中 小】",
    "【打印本页】",
    "分享到：",
    "扫一扫在手机打开当前页",
    "上一篇：我街道召开物业管理工作会",
    "相关链接：",
    "版权所有：某某区人民政府　ICP备案号：某ICP备12345678号",
    "网站标识码：1234567890",
    "附件：1.志愿者报名表.docx",
    "附件：1.网格划分一览表",
    "附件2：《小区改造任务书》",
    "打印本页 关闭窗口",
    "抄送：区委办，区政府办。",
    "（此件公开发布）",
    "信息公开形式：主动公开",
    "责任编辑：李某",
    "（记者 王某某 通讯员 张某）",
    "—————————",
    "未经本网书面授权，请勿转载",
    "无障碍阅读",
    "返回顶部",
]
TEXT = [
    "网格员来敲门了",
    "首页上的投诉电话一直打不通，请处理。",
    "时间过去三年，承诺的停车场还没有动工。",
    "来源不明的污水流进了村口的水塘。",
    "附件是我们小区业主联名的诉求，请领导过目。",
    "此件已转街道办理",
    "抄送单位要按时回复",
    "关闭 小区 东门",
    "二、各省、自治区、直辖市设立的仲裁机构",
    "（三）图书馆、博物馆、科技馆、美术馆；",
    "未经授权使用计算机系统的，应当承担责任。",
    "记者在现场看到，施工队正在铺设沥青。",
    "2023年7月8日，街道组织志愿者清理河道。",
    "一、加强组织领导",
    "路灯 12盏 井盖 30个 台阶 8处",
    "作者认为，治理的关键在于人人参与、各尽其责，把问题解决在萌芽状态，而不是事后补救。",
]


@pytest.mark.parametrize("line", FURNITURE)
def test_furniture_is_recognised(line: str) -> None:
    assert is_furniture(line, [line])


@pytest.mark.parametrize("line", TEXT)
def test_text_is_left_alone(line: str) -> None:
    assert not is_furniture(line, [line])


def test_a_column_of_short_words_is_a_menu() -> None:
    menu = ["首长之窗", "机构设置", "人事处", "教务处", "图书馆"]
    assert is_furniture(menu[2], menu)
    assert not is_furniture(menu[2], [menu[2]])


def test_numbers_of_a_table_are_data_and_those_of_pages_are_not() -> None:
    assert not is_furniture("114.09", ["114.09"])
    assert not is_furniture("1,204", ["1,204"])
    assert not is_furniture("87", ["北苑", "114", "87", "95.6%", "南苑"])
    assert is_furniture("3", ["1", "2", "3", "4", "5"])
    assert is_furniture("12", ["正文到此为止。", "12"])


def test_a_column_of_words_beside_numbers_is_no_menu() -> None:
    near = ["社区", "北苑", "办结数", "109", "87"]
    assert not is_furniture("办结数", near)
