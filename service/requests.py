"""What `POST /classify` takes and gives, as schemas."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class ClassifyRequest(BaseModel):
    """Exactly one of `text`, `texts` and `document`, and how to answer."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"text": "人民路北段的路灯坏了半个月，晚上漆黑一片。", "evidence": True},
                {"texts": ["网格员每天入户走访。", "小区物业费涨了。"], "threshold": 0.6},
                {"document": "工作简报\n第一段……\n第二段……"},
            ]
        },
    )

    text: Annotated[str | None, Field(description="一段文字，按原样判断")] = None
    texts: Annotated[list[str] | None, Field(description="多段文字，各自判断")] = None
    document: Annotated[str | None, Field(description="整页文字，先分段并标出页面杂项")] = None
    evidence: Annotated[bool, Field(description="是否给出依据")] = False
    threshold: Annotated[
        Probability | dict[str, Probability] | None,
        Field(description="代替模型自带的阈值：一个数，或按主题给出"),
    ] = None


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

    model: ModelName
    results: list[Result]


class ErrorDetail(BaseModel):
    """What was wrong, and where."""

    status: int
    type: str
    message: str
    fields: list[str]


class ErrorResponse(BaseModel):
    """The body of every error of these routes."""

    error: ErrorDetail
