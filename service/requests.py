"""What our own routes take and give, as schemas."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.settings import Settings

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


NOT_BLANK = r"[^\s\x1c-\x1f\x85]"
"""What `str.strip` leaves something of: it strips more than a blank of patterns."""


class ClassifyRequest(BaseModel):
    """Exactly one of `text`, `texts` and `document`, and how to answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str | None = None
    texts: list[str] | None = None
    document: str | None = None
    evidence: bool = False
    threshold: Probability | dict[str, Probability] | None = None


EXAMPLES = {
    "一段": {"value": {"text": "人民路北段的路灯坏了半个月，晚上漆黑一片。", "evidence": True}},
    "多段": {"value": {"texts": ["网格员每天入户走访。", "小区物业费涨了。"], "threshold": 0.6}},
    "整页": {"value": {"document": "工作简报\n第一段……\n第二段……"}},
}


def classify_schema(settings: Settings, labels: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of `ClassifyRequest`, exact to the limits and the labels of the model."""
    text = {"type": "string", "pattern": NOT_BLANK}
    one = {**text, "maxLength": settings.max_characters}
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    by_label = {
        "type": "object",
        "properties": dict.fromkeys(labels, probability),
        "additionalProperties": False,
    }
    options = {
        "evidence": {"type": "boolean", "default": False, "description": "是否给出依据"},
        "threshold": {
            "anyOf": [probability, by_label, {"type": "null"}],
            "description": "代替模型自带的阈值：一个数，或按主题给出",
        },
    }
    subjects = {
        "text": {**one, "description": "一段文字，按原样判断"},
        "texts": {
            "type": "array",
            "items": one,
            "minItems": 1,
            "maxItems": settings.max_texts,
            "description": "多段文字，各自判断",
        },
        "document": {**text, "description": "整页文字，先分段并标出页面杂项"},
    }
    return {
        "oneOf": [
            {
                "type": "object",
                "title": name,
                "properties": {name: schema, **options},
                "required": [name],
                "additionalProperties": False,
            }
            for name, schema in subjects.items()
        ]
    }


class EvidenceItem(BaseModel):
    """A stretch of the text that moved a theme's score."""

    label: str
    start: Annotated[int, Field(description="起点，从 0 数起的字符序号")]
    end: Annotated[int, Field(description="终点（不含）")]
    text: str
    weight: Annotated[float, Field(description="对该主题边际分数的贡献，校准之前")]


class Result(BaseModel):
    """What the model says of one text."""

    labels: list[str]
    status: Literal["labelled", "none", "uncertain"]
    uncertain: list[str]
    scores: dict[str, float]
    evidence: list[EvidenceItem] | None = None
    para: Annotated[int | None, Field(description="仅整页：段落序号，从 0 数起")] = None
    text: Annotated[str | None, Field(description="仅整页：段落文字")] = None
    start: int | None = None
    end: int | None = None
    kind: Literal["body", "heading", "furniture"] | None = None


class ModelName(BaseModel):
    """Which model answered."""

    version: str
    codebook: str


class ClassifyResponse(BaseModel):
    """One result a text, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"version": "89cdad3f761a", "codebook": "1.0.0"},
                    "results": [
                        {
                            "labels": ["infrastructure"],
                            "status": "labelled",
                            "uncertain": [],
                            "scores": {"infrastructure": 0.97, "property_management": 0.08},
                        }
                    ],
                }
            ]
        }
    )

    model: ModelName
    results: list[Result]


class DocumentResult(BaseModel):
    """One document of an uploaded file: a page, or a row of a table."""

    doc: str
    title: str
    date: Annotated[str, Field(description="发布日期，ISO 8601；不知道则为空")] = ""
    author: Annotated[str, Field(description="作者；不知道则为空")] = ""
    origin: Annotated[str, Field(description="发布者；不知道则为空")] = ""
    columns: Annotated[dict[str, str], Field(description="表格里这一行其余的列")] = {}
    results: list[Result]


class RejectedDocument(BaseModel):
    """What could not be read, and why."""

    doc: str
    reason: str


class FileResponse(BaseModel):
    """The documents of an uploaded file, and what of it was not read."""

    model: ModelName
    documents: list[DocumentResult]
    rejected: list[RejectedDocument]


class Theme(BaseModel):
    """A theme of the codebook."""

    id: str
    number: int
    name_zh: str
    name_en: str
    definition: str
    counts: list[str]
    excludes: list[str]


class ThemesResponse(BaseModel):
    """The codebook of the model in use."""

    codebook: str
    themes: list[Theme]


class ModelSummary(BaseModel):
    """A trained model of the store."""

    version: str
    current: Annotated[bool, Field(description="是否正在使用")]
    trained: Annotated[str, Field(description="训练完成的时间")]
    labels: list[str]
    macro_f1: Annotated[float | None, Field(description="交叉验证的宏平均 F1")]


class ModelsResponse(BaseModel):
    """All models of the store, oldest first."""

    models: list[ModelSummary]


class HealthResponse(BaseModel):
    """Whether the server can answer, and with which model."""

    status: Literal["ok", "degraded"]
    model: str | None = None
    reason: Annotated[str | None, Field(description="为什么没有换用新模型")] = None


class PromotionResponse(BaseModel):
    """Which model is in use now."""

    model: str
    before: str | None


class ErrorDetail(BaseModel):
    """What was wrong, and where."""

    status: int
    type: str
    message: str
    fields: list[str]


class ErrorResponse(BaseModel):
    """The body of every error of these routes."""

    error: ErrorDetail
