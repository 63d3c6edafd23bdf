import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.encodings import decode, encoding_of, plausibility
from model.errors import DecodingError

CHINESE = "社区网格员上门走访。"
TRADITIONAL = "社區網格員上門走訪，登記路燈與水管的問題。"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CHINESE.encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + CHINESE.encode(), id="utf-8 with mark"),
        pytest.param(CHINESE.encode("gb18030"), id="gb18030"),
        pytest.param(codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), id="utf-16 little-endian"),
        pytest.param(codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), id="utf-16 big-endian"),
        pytest.param(codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"), id="utf-32 little-endian"),
    ],
)
def test_chinese_is_decoded_from_every_usual_encoding(data: bytes) -> None:
    assert decode(data) == CHINESE
    assert data.decode(encoding_of(data)) == CHINESE


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5"])
def test_traditional_writing_is_read_in_the_encoding_that_gives_common_characters(
    encoding: str,
) -> None:
    """Every text of Big5 is also one of GB18030, of characters that nobody writes."""
    data = TRADITIONAL.encode(encoding)
    assert decode(data) == TRADITIONAL
    assert data.decode(encoding_of(data)) == TRADITIONAL


def test_big5_read_as_gb18030_is_not_plausible() -> None:
    wrong = TRADITIONAL.encode("big5").decode("gb18030")
    assert plausibility(TRADITIONAL) > 0.95
    assert plausibility(wrong) < 0.6
    assert plausibility("plain ASCII") == 1.0


@settings(max_examples=100, deadline=None)
@given(
    st.text(
        st.sampled_from("社区网格员上门走访路灯坏了三个月没有人修请尽快处理谢谢，。：“”1a\n"),
        max_size=60,
    )
)
def test_simplified_writing_is_never_taken_for_big5(text: str) -> None:
    """Behind a beginning that is no UTF-8; 没 alone would be, as the letter û."""
    assert decode(("社区" + text).encode("gb18030")) == "社区" + text


def test_what_no_encoding_fits_is_refused_with_the_position() -> None:
    with pytest.raises(DecodingError) as caught:
        decode("网格".encode() + b"\xff\xff\x81")
    assert caught.value.position >= 6


def test_bytes_that_only_give_rare_characters_are_refused() -> None:
    rare = b"\x83\x40\x95\x5c" * 20
    rare.decode("gb18030")
    with pytest.raises(DecodingError):
        decode(rare)


@pytest.mark.parametrize("data", [b"PK\x03\x04\x00\x00\x00", b"\x00\x01\x02"])
def test_binary_files_are_not_taken_for_text(data: bytes) -> None:
    with pytest.raises(DecodingError):
        decode(data)


def test_a_named_charset_is_the_only_one_tried() -> None:
    assert decode(CHINESE.encode("gb18030"), "gbk") == CHINESE
    with pytest.raises(DecodingError):
        decode(CHINESE.encode("gb18030"), "utf-8")
    with pytest.raises(LookupError):
        decode(b"", "klingon")
