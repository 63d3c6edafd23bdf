"""Making bad requests from good ones, the same ones for the same seed."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.fuzz.requests import TEXT, Header, Sent

_TOKENS = (
    b'"text"', b'"texts"', b'"document"', b'"evidence"', b'"threshold"', b'"inputs"', b'"id"',
    b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"0.1", b"9" * 400, b"[", b"]", b"{",
    b"}", b",", b":", b'"', b"\\", b"\\ud800", b"\\udc00", b"\\u0000", b"\n", b"\r\n", b"\r", b"\0",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf",
    "一".encode(), "\u2028".encode(), "\u0301".encode(), "\U0001f3fb".encode(), b"--", b"%00",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, 1.0000001, -0.0,
    1e308, float("nan"), float("inf"), "", " ", "\n\u3000\t", "a", TEXT, "字" * 500, "字" * 501,
    "\ud800", "a\udc00b", "\0", "\ufeff", "\u202e反", "e\u0301" * 90, "👨‍👩‍👧‍👦" * 20, "ﷺ" * 60,
    [], [[]], [""], [TEXT], [None], [TEXT, 1], ["字"] * 21, {}, {"": ""}, {"text": TEXT},
    {"grid_management": 0.5}, {"grid_management": "x"}, {"\ud800": 1}, {"x" * 300: 1},
)  # fmt: skip
_CHARSETS = (
    "utf-8", "UTF8", "utf_8", "utf-8-sig", "gbk", "gb18030", "gb2312", "big5", "hz", "utf-16",
    "utf-16-le", "utf-32", "utf-7", "latin-1", "ascii", "cp1252", "koi8-r", "shift_jis",
    "iso2022_jp", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs",
    "hex", "base64", "rot13", "zip", "bz2", "uu", "quopri", "klingon", "", " ", "a\0b", "utf-8;",
    "'gbk'", '"gbk"', "gbk; charset=utf-8", "x" * 300, "../../etc/passwd", "utf-8\xe9", "*", "%",
)  # fmt: skip
_TYPES = (
    "", "application/json", "APPLICATION/JSON", "application/json;", "text/plain", "text/html",
    "application/x-ndjson", "application/jsonl", "application/octet-stream", "multipart/form-data",
    "multipart/form-data; boundary=a", "application/x-www-form-urlencoded", "json", "/", ";",
    "a/b/c",
    "application/json; charset", "application/json; charset=", "text/plain; charset*=utf-8''gbk",
    "text/plain; charset*0=g; charset*1=bk", "\xe4\xb8", "x" * 2000, "text/plain; a=\"",
    "application/*",
)  # fmt: skip
_LENGTHS = ("", "0", "1", "-1", "+5", "5 ", " 5", "1e3", "0x10", "٣", "９", "50001", "9" * 30,
            "9" * 5000, "1, 1", "a", "\xb2")  # fmt: skip
_ENCODINGS = ("gzip", "deflate", "GZIP", "x-gzip", "br", "zstd", "identity", "", "gzip, gzip", ",",
              "gzip;q=1", "compress", "x" * 500)  # fmt: skip
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")

Change = Callable[[Random, Sent, Sequence[Sent]], Sent]


def mutated(random: Random, seeds: Sequence[Sent]) -> Sent:
    """A request made from the seeds by one to four changes, delivered in some way."""
    sent = random.choice(seeds)
    sent = replace(sent, headers=list(sent.headers), pieces=list(sent.pieces))
    changes = random.choices(_CHANGES, _WEIGHTS, k=random.choice((0, 1, 1, 1, 2, 2, 3, 4)))
    for change in changes:
        sent = change(random, sent, seeds)
    return _delivered(random, sent)


def _bytes(random: Random, sent: Sent, seeds: Sequence[Sent]) -> Sent:
    """Flip, insert, remove, repeat, cut off, or put two together."""
    body = bytearray(b"".join(sent.pieces))
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place = random.randrange(len(body) + 1)
        kind = random.randrange(6)
        if kind == 0 and place < len(body):
            body[place] = random.randrange(256)
        elif kind == 1:
            body[place:place] = random.choice(_TOKENS)
        elif kind == 2:
            del body[place : place + random.choice((1, 1, 2, 8, 64))]
        elif kind == 3:
            body[place:place] = body[place : place + random.randrange(40)] * random.choice(
                (1, 2, 9)
            )
        elif kind == 4:
            del body[place:]
        else:
            body[place:] = b"".join(random.choice(seeds).pieces)[place:]
        del body[100_000:]
    sent.pieces = [bytes(body)]
    return sent


def _values(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Put another value somewhere into the JSON, or a field more, or none, or one twice."""
    lines = b"".join(sent.pieces).split(b"\n")
    place = random.randrange(len(lines))
    try:
        value = json.loads(lines[place])
    except (ValueError, RecursionError):
        return sent
    written = json.dumps(_changed(random, value), ensure_ascii=random.random() < 0.5)
    if random.random() < 0.1 and written.startswith("{") and len(written) > 2:
        written = written[:-1] + "," + written[1:]
    lines[place] = written.encode("utf-8", "surrogatepass")
    sent.pieces = [b"\n".join(lines)]
    return sent


def _changed(random: Random, value: Any) -> Any:
    deeper = random.random() < 0.7
    if isinstance(value, dict) and value and deeper:
        key = random.choice(list(value))
        kind = random.randrange(4)
        if kind == 0:
            return {**value, random.choice(("text", "texts", "document", "x", "")): _any(random)}
        if kind == 1:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: _changed(random, value[key])}
    if isinstance(value, list) and value and deeper:
        place = random.randrange(len(value))
        return [*value[:place], _changed(random, value[place]), *value[place + 1 :]]
    return _any(random)


def _any(random: Random) -> Any:
    value = random.choice(_VALUES)
    while random.random() < 0.2:
        value = [value] if random.random() < 0.5 else {"text": value}
    return value


def _deep(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Values in values in values."""
    depth = random.choice((10, 200, 900, 1023, 1024, 1025, 5000, 20_000))
    opening, closing = random.choice(((b"[", b"]"), (b'{"text":', b"}"), (b'{"a":[', b"]}")))
    whole = opening * depth + b"1" + closing * random.choice((depth, depth, 0))
    sent.pieces = [random.choice((whole, b'{"text": "a", "threshold": ' + whole + b"}"))]
    return sent


def _long(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Close to a limit, or past it."""
    size = random.choice((499, 500, 501, 4024, 4025, 49_000, 50_000, 50_001, 60_000))
    piece = random.choice((b"a", "字".encode(), b" ", b"\n", b'"', b"\\u5b57", b"[", b'{"a":1}\n'))
    run = (piece * (size // len(piece) + 1))[:size]
    sent.pieces = [
        random.choice((run, b'{"text": "' + run + b'"}', b'{"texts": ["' + run + b'"]}'))
    ]
    return sent


def _packed(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Compressed: rightly, cut off, more than it seems, or not at all."""
    body = b"".join(sent.pieces)
    if random.random() < 0.15:
        body = b'{"text": "' + b"a" * random.choice((100_000, 3_000_000)) + b'"}'
    encoding = random.choice(_ENCODINGS) if random.random() < 0.3 else random.choice(_ENCODINGS[:2])
    if "gzip" in encoding.lower():
        body = gzip.compress(body, 1)
    elif encoding == "deflate":
        packer = zlib.compressobj(1, wbits=random.choice((15, -15)))
        body = packer.compress(body) + packer.flush()
    damage = random.randrange(6)
    if damage == 0:
        body = body[: random.randrange(len(body) + 1)]
    elif damage == 1:
        body += random.choice((b"\0", body, b"more"))
    elif damage == 2 and body:
        place = random.randrange(len(body))
        body = body[:place] + random.randbytes(1) + body[place + 1 :]
    sent.pieces = [body]
    return _with(random, sent, b"content-encoding", encoding)


def _typed(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Another content type or charset, with the body in that charset or not."""
    if random.random() < 0.4:
        return _with(random, sent, b"content-type", random.choice(_TYPES))
    charset = random.choice(_CHARSETS)
    kind = random.choice(("text/plain", "application/json", "application/x-ndjson"))
    if random.random() < 0.5:
        try:
            text = b"".join(sent.pieces).decode("utf-8")
            sent.pieces = [text.encode(charset)]
        except (UnicodeError, LookupError, ValueError):
            pass
    elif random.random() < 0.2:
        sent.pieces = [random.choice((b"+2AA-", b"\xff\xfe\x00\xd8", b"a.b", b"\\ud800", b"~{"))]
    return _with(random, sent, b"content-type", f"{kind}; charset={charset}")


def _headed(random: Random, sent: Sent, _: Sequence[Sent]) -> Sent:
    """Headers that lie, or say nothing."""
    name, values = random.choice(_HEADERS)
    return _with(random, sent, name, random.choice(values))


_HEADERS: tuple[tuple[bytes, Sequence[str]], ...] = (
    (b"content-length", _LENGTHS),
    (b"content-encoding", _ENCODINGS),
    (
        b"traceparent",
        ("", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "A" * 32 + "-" + "b" * 16 + "-01",
         "ff-" + "0" * 32 + "-" + "0" * 16 + "-00", "\xff" * 55, "x" * 5000),
    ),
    (b"x-request-id", ("", "a", "x" * 128, "x" * 129, "a b", "a\tb", "\xe4", '"', "{}", "\\ud800")),
    (
        b"authorization",
        ("", "Bearer", "Bearer ", "Bearer wrong", "Basic", "Basic !!!", "Basic YTpi", "\xff",
         "Basic " + base64.b64encode(b"\xff:\xfe").decode(), "Negotiate x", "Bearer " + "x" * 5000),
    ),
    (b"x-api-key", ("", " ", "wrong", "\xff\xfe", "x" * 5000)),
    (b"host", ("", "a", "[::1", "a:b:c", "\xff", "x" * 300, "a/b?c#d", "]")),
    (b"accept", ("", "*/*", "text/html", "\xff")),
    (b"accept-encoding", ("gzip", "identity;q=0", "\xff")),
    (b"transfer-encoding", ("chunked", "identity", "gzip, chunked")),
    (b"expect", ("100-continue", "1")),
    (b"origin", ("http://a", "null", "\xff")),
    (b"forwarded", ("for=\"[::1", "\xff")),
    (b"x-forwarded-for", ("1.2.3.4", ",", "\xff")),
    (b"range", ("bytes=0-", "bytes=9-1,", "x")),
    (b"inference-header-content-length", ("0", "5", "-1", "x", "9" * 30)),
)  # fmt: skip


def _addressed(random: Random, sent: Sent, seeds: Sequence[Sent]) -> Sent:
    """Another method, path or query."""
    kind = random.randrange(4)
    if kind == 0:
        sent.method = random.choice(_METHODS)
    elif kind == 1:
        sent.path = random.choice(seeds).path
    elif kind == 2:
        end = random.choice(
            (b"/", b"//", b"/..", b"/%2e%2e/x", b"\xff", b"%", b"%00", b"x" * 3000, b";a")
        )
        cut = random.randrange(len(sent.path) + 1)
        sent.path = random.choice((sent.path + end, sent.path[:cut] + end + sent.path[cut:]))
    else:
        sent.query = random.choice(
            (b"threshold=2", b"threshold=nan", b"threshold=", b"evidence=maybe", b"%",
             b"evidence=1&evidence=0", b"%ff=%ff", b"&&==", b"x=" + b"y" * 3000,
             b"threshold=1e-400", b"threshold=[]")
        )  # fmt: skip
    return sent


def _with(random: Random, sent: Sent, name: bytes, value: str) -> Sent:
    """In place of the header that was there; now and then beside it, before or after."""
    added: Header = (name, value.encode("latin-1", "replace"))
    if random.random() < 0.9:
        sent.headers = [header for header in sent.headers if header[0] != name]
    place = random.choice((0, len(sent.headers)))
    sent.headers[place:place] = [added]
    return sent


def _delivered(random: Random, sent: Sent) -> Sent:
    """In one piece, in several, or not to its end."""
    body = b"".join(sent.pieces)
    if random.random() < 0.3:
        cuts = sorted(random.randrange(len(body) + 1) for _ in range(random.choice((1, 2, 5, 30))))
        sent.pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    sent.leaves = random.random() < 0.03
    if random.random() < 0.5 and not any(name == b"content-length" for name, _ in sent.headers):
        sent.headers.append((b"content-length", str(len(body)).encode()))
    return sent


_CHANGES: Sequence[Change] = (
    _bytes, _values, _deep, _long, _packed, _typed, _headed, _addressed
)  # fmt: skip
_WEIGHTS = (30, 30, 2, 4, 8, 12, 10, 8)
