"""What the routes of the Open Inference Protocol take and give, as schemas."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from service.protocols import list_schema, object_schema, text_schema
from service.settings import Settings

_STRICT = ConfigDict(extra="forbid", strict=True, protected_namespaces=())

EXAMPLE = {
    "id": "42",
    "inputs": [
        {
            "name": "text",
            "shape": [2],
            "datatype": "BYTES",
            "data": ["网格员每天入户走访。", "小区物业费涨了。"],
        }
    ],
    "outputs": [{"name": "predict"}, {"name": "predict_proba"}],
}


class InputTensor(BaseModel):
    """Strings to be classified."""

    model_config = _STRICT

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: Any = None


class WantedOutput(BaseModel):
    """An output that is asked for."""

    model_config = _STRICT

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(BaseModel):
    """Which strings, and which outputs of them."""

    model_config = _STRICT

    id: str | None = None
    parameters: dict[str, Any] | None = None
    inputs: list[InputTensor]
    outputs: list[WantedOutput] | None = None


class IndexRequest(BaseModel):
    """Which versions to list."""

    model_config = _STRICT

    ready: bool | None = None


class ServerMetadata(BaseModel):
    """What the server is."""

    name: str
    version: str
    extensions: list[str]


class Health(BaseModel):
    """Whether the server is up, and can answer."""

    live: bool
    ready: bool | None = None


class ModelReady(BaseModel):
    """Whether the model can answer."""

    name: str
    ready: bool


class TensorMetadata(BaseModel):
    """A tensor; -1 is any number."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """What goes into the model and what comes out."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class OutputTensor(TensorMetadata):
    """An output; its data follow the JSON when they were wanted in binary."""

    parameters: dict[str, Any]
    data: list[Any] | None = None


class InferResponse(BaseModel):
    """Who answered, and the outputs."""

    model_config = _STRICT

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]


class IndexEntry(BaseModel):
    """A version of the model in the store."""

    name: str
    version: str
    state: str
    reason: str


def infer_schema(settings: Settings) -> dict[str, Any]:
    """The JSON schema of an inference request, in JSON; shape and data must also agree."""
    text = text_schema(settings)
    row = {"type": "array", "items": text, "minItems": 1, "maxItems": 1}
    parameters = {"type": ["object", "null"]}
    tensor = object_schema(
        {
            "name": {"const": "text"},
            "shape": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 1,
                "maxItems": 2,
                "description": "[段数] 或 [段数, 1]",
            },
            "datatype": {"const": "BYTES"},
            "data": list_schema({"anyOf": [text, row]}, settings),
        },
        parameters=parameters,
    )
    output = object_schema({"name": {"enum": ["predict", "predict_proba"]}}, parameters=parameters)
    return object_schema(
        {"inputs": {"type": "array", "items": tensor, "minItems": 1, "maxItems": 1}},
        id={"type": ["string", "null"], "description": "原样带回"},
        parameters=parameters,
        outputs={"type": ["array", "null"], "items": output, "maxItems": 2},
    )
