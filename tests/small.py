"""A corpus of a few dozen sentences, enough to train a real model in a second."""

from model.bundled import bundled
from model.codebook import load_codebook
from model.store import ModelStore
from training.corpus import Corpus, Row

Versions = tuple[ModelStore, str, str]
"""A store with two models, the first of them in use."""

_SENTENCES = {
    "infrastructure": (
        "村口的水泥路年底前修通，路灯同时装好。",
        "老城区的污水管网改造已经完成三公里。",
        "新桥合龙，两岸居民过河不用再绕行。",
        "小区加装电梯十二部，管线一并入地。",
        "水库除险加固工程下月开工。",
        "公园里新建的健身步道铺了塑胶。",
        "供热主管道爆裂，抢修后恢复供暖。",
    ),
    "grid_management": (
        "网格员每天入户走访，把问题记进台账。",
        "全镇划分四十个网格，网格长由干部担任。",
        "热线工单派到街道，办结后逐件回访。",
        "网格巡查发现隐患，上报平台后派单处置。",
        "推行包保责任制，干部包片，党员包户。",
        "接诉即办，小事不出网格，大事不出社区。",
        "综治中心排查矛盾纠纷，网格员上门调解。",
    ),
    "volunteer_services": (
        "志愿者给独居老人送饭，陪他们聊天。",
        "大学生志愿服务队到村里支教一个月。",
        "文明实践站开展义诊和理发活动。",
        "招募赛会志愿者两百名，要参加培训。",
        "学雷锋活动日，志愿者在路口引导。",
        "志愿服务时长可以兑换生活用品。",
        "红马甲们义务清理河道，忙了一上午。",
    ),
    "property_management": (
        "物业公司涨了物业费，业主都不同意。",
        "业主大会选出新一届业主委员会。",
        "物业保安夜里不在岗，门禁形同虚设。",
        "维修资金的使用要经过业主表决。",
        "老院子引进物业服务，保洁每天来。",
        "业委会公示了小区公共收益的账目。",
        "物业合同到期，新的物业企业进场交接。",
    ),
}
_NONE = (
    "全市规模以上工业增加值同比增长百分之六。",
    "学校举行期末考试，成绩下周公布。",
    "双方就经贸合作交换了意见。",
    "医院门诊时间调整，请市民留意。",
    "今年粮食再获丰收，单产创新高。",
    "填报高考志愿前请核对往年分数线。",
    "法院公开审理一起合同纠纷案。",
    "博物馆展出青铜器一百余件。",
    "气象台发布大风蓝色预警。",
    "企业研发的新材料通过鉴定。",
)


def small_corpus() -> Corpus:
    """Each sentence once more with a neighbour's, so that several labels come together."""
    rows = []
    for label, sentences in _SENTENCES.items():
        rows += [Row(f"{label}-{n}", text, (label,)) for n, text in enumerate(sentences)]
    rows += [Row(f"none-{n}", text, ()) for n, text in enumerate(_NONE)]
    book = load_codebook(bundled("codebook.toml"))
    for n in range(7):
        first, second = book.ids[n % 4], book.ids[(n + 1) % 4]
        text = _SENTENCES[first][n] + _SENTENCES[second][n]
        labels = tuple(label for label in book.ids if label in (first, second))
        rows.append(Row(f"both-{n}", text, labels))
    return Corpus(tuple(rows), book)
