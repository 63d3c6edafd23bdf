"""Page furniture: what stands on a web page around the text and is about none of the themes.

Navigation, breadcrumbs, bylines, dates, copyright lines, share and print buttons, lists of related
links, attachments. Decided from a line and its neighbours alone, by what such lines look like; it
holds no page's layout, and leaves what might be a sentence alone.
"""

import re
from collections.abc import Sequence

LINK_LIST = re.compile(
    r"^[【\[（(]?(相关(链接|阅读|新闻|文章|报道|信息|推荐|内容|稿件|附件|文档)|推荐(阅读|新闻|文章)|延伸阅读"
    r"|热点(新闻|推荐|排行)|热门(文章|推荐|新闻)|最新(文章|发布|动态|资讯)|猜你喜欢|友情链接|更多(新闻|内容|文章)"
    r"|往期回顾|点击排行|阅读排行|网站导航|站点导航|附件下载|附件列表)[】\]）)]?\s*[:：>》»]*\s*$"
)
"""A line after which a list of links follows."""

_FIELDS = (
    "作者|来源|信息来源|文章来源|稿件来源|新闻来源|编辑|责任编辑|责编|值班编辑|本期编辑|美编|校对|审核|初审|复审|终审|核稿"
    "|签发|记者|本报记者|通讯员|供稿|供稿单位|撰稿|文字|摄影|图片|图文|图|文|发布时间|发布日期|发布机构|发布者|发布人|更新时间"
    "|发文时间|成文日期|时间|日期|浏览次数|浏览量|浏览|阅读次数|阅读量|阅读|访问量|点击数|点击量|点击|字号|字体|字体大小|视力保护色"
    "|索引号|文号|发文字号|主题分类|发文机关|有效性|公开方式|分享|关键词|标签|栏目|分类|编号|作者单位|投稿|热线|监督电话|传真|邮编"
    "|(来信|信件|工单|受理|留言|诉求)编号|流水号|(答复|回复|办理|受理|承办|公开)(单位|部门|机构|时间|日期|状态)|(来信|留言|提交|答复)时间|满意度"
)
_BYLINE = re.compile(rf"^[（(【\[]?\s*({_FIELDS})\s*[:：]")
_FIELD = re.compile(rf"(?:{_FIELDS})\s*[:：]")
_BREADCRUMB = re.compile(
    r"^(您?(现在|当前)?(的|所在)?位置|当前位置|当前所在位置|您所在的位置|你的位置|你所在的位置)(是|为)?\s*[:：]"
    r"|^(网站)?首页\s*([>›»＞|｜/\\→-]|$)"
)
_DATE = re.compile(
    r"^[\[（(【]?\s*(\d{4}|[二〇○零一九八七六五四三]{4})\s*[-/.年]\s*[\d一二三四五六七八九十]{1,3}\s*([-/.月]\s*[\d一二三四五六七八九十]{1,3}\s*日?)?"
    r"(\s*(星期|周)[一二三四五六日天])?(\s*\d{1,2}\s*[:：时]\s*\d{1,2}(\s*[:：分]\s*\d{1,2}秒?)?)?\s*[\]）)】]?$"
)
_LEGAL = re.compile(
    r"版权所有|copyright|©|icp\s*备|公网安备|网站标识码|all rights reserved|备案(号|序号)|未经.{0,8}(授权|许可|同意).{0,6}(转载|摘编)|转载请注明"
    r"|法律声明|免责声明|网站声明|隐私(声明|政策)|本网站由|建议使用.{0,12}(浏览器|分辨率)|技术支持\s*[:：]|主办(单位)?\s*[:：].{0,40}(承办|技术|网站|备)"
    r"|^(主办|承办|协办)(单位)?\s*[:：]\s*\S{2,30}$",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r"^[【\[（(]?\s*(分享(到|至)?.{0,20}|打印(本页|本文|此页|正文)?|关闭(窗口|本页|页面)?|收藏(本页|本站)?|返回(顶部|首页|列表|上页|上一页)"
    r"|扫一扫.{0,24}|字(体|号)\s*[:：]?\s*[【\[]?\s*大.{0,10}小.{0,6}|大\s*中\s*小|无障碍(阅读|浏览|模式|辅助)?|长者(模式|版|专区|助手)?|关怀版|适老版"
    r"|繁體(中文|版)?|简体(中文)?|english|登录|注册|登录\s*[|/｜]?\s*注册|退出|搜索|高级搜索|站内搜索|我要(纠错|评论|评价|投诉|分享|打印)|纠错|点赞|复制链接"
    r"|(手机|移动|电脑)版|客户端(下载)?|微信|微博|微信公众号|官方微(信|博)|设为首页|加入收藏|网站地图|联系我们|关于我们|在线(客服|留言)|热门搜索"
    r"|上一[篇条页]|下一[篇条页]|首页|尾页|更多|更多>>|more|查看更多|展开全文|点击(查看|下载|展开).{0,12}|阅读全文|全文|正文|下载|附件)"
    r"\s*[】\]）)]?\s*[>》»]*$",
    re.IGNORECASE,
)
_NEIGHBOUR_PAGE = re.compile(r"^(上一[篇条]|下一[篇条]|前一篇|后一篇)\s*[:：]")
_ATTACHMENT = re.compile(
    r"^附件\s*\d{0,2}\s*[:：.、]?\s*.{0,60}\.(docx?|xlsx?|pdf|wps|et|ofd|zip|rar|jpe?g|png)\s*([（(].{0,16}[）)])?$"
    r"|^.{1,60}\.(docx?|xlsx?|pdf|wps|ofd|zip|rar)$",
    re.IGNORECASE,
)
_ATTACHED = re.compile(r"^附件\s*\d{0,2}\s*[:：]\s*(\d{1,2}\s*[.、．]|《).{1,60}$")
_COPIED = re.compile(
    r"^(抄送|抄报|主送|分送|信息公开(选项|形式|类别|属性))\s*[:：]"
    r"|^[（(]\s*(此件|本文|信息)(主动|依申请|不予)?公开(发布)?\s*[）)]$"
)
_SIGNED = re.compile(
    r"^[（(]\s*((本报|见习|实习|全媒体|特约|融媒体)?(记者|通讯员|编辑|责编|责任编辑|供稿|作者|来源|文|图|摄影|摄)\s*[:：/／|\s].{0,40}"
    r"|(本报|见习|全媒体|融媒体)?记者\S{2,20})[）)]$"
)
_OFFICE = re.compile(
    r"^[^，。；：！？、]+(政府|办事处|办公室|办|委员会|管委会|居委会|村委会|业委会|党委|党组|支部|[局厅部院处]|公司|中心|协会|联合会|学校)$"
)
_SEPARATED = re.compile(r"[\s|｜/·•>›»]+")
_POINTED = re.compile(r"[，。；：！？,]")
_COUNTER = re.compile(
    r"(次阅读|次浏览|人阅读|人浏览|浏览次数|点击次数|阅读次数)\s*[:：]?\s*\d*\s*(次|人)?\s*$"
)
_NUMBER = re.compile(r"^[-+±]?\d[\d,，]*(\.\d+)?\s*[%％‰]?$")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE = re.compile(r"[。！？；!?]")


def is_furniture(line: str, near: Sequence[str]) -> bool:
    """Whether a line is furniture.

    Args:
        line: the line without blanks at its ends.
        near: up to two lines before it, the line itself, and up to two after it.
    """
    if not _LETTER.search(line):
        return not _is_data(line, near)
    if len(line) <= 250 and (is_legal(line) or _BREADCRUMB.search(line)):
        return not _SENTENCE.search(line[:-1]) or len(line) <= 120
    if len(line) > 120 or _SENTENCE.search(line[:-1]):
        return _is_menu(line)
    return bool(
        LINK_LIST.match(line)
        or _DATE.match(line)
        or _BUTTON.match(line)
        or _NEIGHBOUR_PAGE.match(line)
        or _ATTACHMENT.match(line)
        or _ATTACHED.match(line)
        or _COPIED.match(line)
        or _SIGNED.match(line)
        or _COUNTER.search(line)
        or _is_byline(line)
        or _is_menu(line)
        or _are_buttons(line)
        or _in_menu(near)
    )


def is_legal(line: str) -> bool:
    """Whether a line says something of rights, registration or who runs the site."""
    return bool(_LEGAL.search(line))


def is_signature(line: str, following: str) -> bool:
    """Whether a line names the office that signs, the date standing below it."""
    return len(line) <= 40 and bool(_OFFICE.search(line) and _DATE.match(following))


def is_link(line: str) -> bool:
    """Whether a line below a head like 相关链接 looks like the title of another page."""
    return len(line) <= 60 and not _SENTENCE.search(line)


def _is_data(line: str, near: Sequence[str]) -> bool:
    """A number of a table: with a fraction or a unit, or among other numbers that it does not
    count on from, as the numbers of pages do."""
    if not _NUMBER.match(line):
        return False
    if not line.isdecimal():
        return True
    others = [int(other) for other in near if other != line and other.isdecimal()]
    return bool(others) and all(abs(other - int(line)) != 1 for other in others)


def _is_byline(line: str) -> bool:
    """A field name and a short value, or several fields in one line."""
    return bool(_BYLINE.match(line)) and (len(line) <= 40 or len(_FIELD.findall(line)) > 1)


def _is_menu(line: str) -> bool:
    """Many short words with gaps or bars between them, and no sentence."""
    if _POINTED.search(line):
        return False
    words = [word for word in _SEPARATED.split(line) if word]
    return (
        len(words) >= 4
        and max(len(word) for word in words) <= 12
        and sum(len(word) for word in words) / len(words) <= 6.5
        # Words with numbers are a list of things, not a menu.
        and 2 * sum(bool(re.search(r"\d", word)) for word in words) < len(words)
    )


def _are_buttons(line: str) -> bool:
    """Nothing but buttons, such as those below an article."""
    words = line.split()
    return len(words) > 1 and all(_BUTTON.match(word) for word in words)


def _in_menu(near: Sequence[str]) -> bool:
    """One short word among short words: a menu with one entry a line."""
    return len(near) >= 4 and all(
        not _NUMBER.match(other)
        and len(other) <= 8
        and not re.search(r"[，。；：！？,:;!?、]", other)
        for other in near
    )
