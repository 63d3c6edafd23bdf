from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundled import bundled
from model.normalisation import Normaliser
from training.source import read_characters

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


def test_width_case_and_script_are_folded() -> None:
    normaliser = Normaliser("網業務", "网业务")
    assert normaliser(["網格ＡＢ１２，物業　服務\t"]).text == "网格ab12,物业 服务 "


def test_compatibility_ideographs_and_radicals_become_plain_characters() -> None:
    assert Normaliser()(["\u2f42\uf900"]).text == "文豈"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert Normaliser()(["a\ud800b", "\udc00"]).text == "a\ufffdb\ufffd"


def test_without_dropped_characters_offsets_are_the_same() -> None:
    normal = Normaliser()(["ＡＢＣ", "", "丁"])
    assert normal.origin is None
    assert normal.bounds.tolist() == [0, 3, 3, 4]


def test_dropped_characters_keep_a_map_to_the_original() -> None:
    normal = Normaliser()(["网\u200b格", "\ufeff员"])
    assert normal.text == "网格员"
    assert normal.bounds.tolist() == [0, 2, 3]
    assert normal.origin is not None
    assert normal.origin.tolist() == [0, 2, 4]


@settings(deadline=None)
@given(st.lists(ANY_TEXT, max_size=5))
def test_any_text_is_taken_and_every_character_has_an_origin(texts: list[str]) -> None:
    normal = Normaliser(*read_characters(bundled("characters.txt")))(texts)
    joined = "".join(texts)
    assert len(normal) == len(texts)
    assert len(normal.text) == len(normal.codes) == normal.bounds[-1]
    normal.text.encode("utf-8")
    if normal.origin is None:
        assert len(normal.text) == len(joined)
    else:
        assert len(normal.origin) == len(normal.text) < len(joined)
        assert (normal.origin[:-1] < normal.origin[1:]).all()


@settings(deadline=None)
@given(st.lists(ANY_TEXT, max_size=3))
def test_the_normal_form_is_its_own_normal_form(texts: list[str]) -> None:
    normaliser = Normaliser(*read_characters(bundled("characters.txt")))
    once = normaliser(texts).text
    assert normaliser([once]).text == once


def test_the_character_table_is_what_opencc_says() -> None:
    """The recipe of data/characters.txt: every ideograph that OpenCC's t2s maps one to one."""
    import opencc

    converter = opencc.OpenCC("t2s")
    pairs = []
    for block in (range(0x3400, 0x4DC0), range(0x4E00, 0xA000)):
        for code in block:
            simplified = converter.convert(chr(code))
            if simplified != chr(code) and len(simplified) == 1 and ord(simplified) < 0x10000:
                pairs.append((chr(code), simplified))
    traditional, simplified_all = read_characters(bundled("characters.txt"))
    assert list(zip(traditional, simplified_all, strict=True)) == pairs
