"""`POST /classify/file`: a file of any format that archives are read from."""

import logging
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from model.document import Document
from service.answers import answer, document_head, paragraph_result
from service.body import content_type, read_body
from service.errors import BadBodyError, BadRequestError
from service.inference import Inference
from service.reading.files import Rejected, read_bytes
from service.reading.options import ReadingOptions, reading_options
from service.requests import FileResponse
from service.routes import OneThreshold, WithEvidence, errors, json_answer
from service.settings import Settings

_FORM = "multipart/form-data"
_FORM_BYTES = 64 * 1024
"""What a form may have beside its file."""

_UNPACKED = 10
"""An uploaded archive may unpack to so many times the most bytes of an upload."""

# What is wrong with a form is for its sender to know, and not for the log.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

Read = tuple[list[Document], list[Rejected]]


def router(inference: Inference, settings: Settings) -> APIRouter:
    """The route, with its description."""
    routes = APIRouter()
    schema = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
    body = {"required": True, "content": {_FORM: {"schema": schema}}}

    @routes.post(
        "/classify/file",
        response_model=FileResponse,
        response_model_exclude_unset=True,
        responses=errors(400, 408, 413, 415, 422),
        openapi_extra={"requestBody": body},
        summary="判断一个文件：网页、Word、PDF、表格、邮件、压缩包……",
        tags=["判断"],
    )
    async def classify_file(
        request: Request,
        evidence: WithEvidence = False,
        threshold: OneThreshold = None,
        text_column: Annotated[
            str | None, Query(description="表格里正文所在的列；不给则自动寻找", max_length=200)
        ] = None,
    ) -> Response:
        name, data = await _uploaded(request, settings)
        # Without a model the file need not be read.
        _ = inference.live.classifier
        options = reading_options(settings, text_column)
        # What an archive run may unpack is far too much for one request.
        most = min(options.max_unpacked, _UNPACKED * settings.max_upload)
        options = replace(options, max_unpacked=most)
        # Reading may wait for another program: it must not hold up the thread that scores.
        documents, rejected = await run_in_threadpool(_read, data, name, options, settings)
        classifier, found = await inference.classify_documents(
            documents, evidence=evidence, threshold=threshold
        )

        def shaped() -> Response:
            shown = [
                {
                    **document_head(document),
                    "results": [paragraph_result(item, evidence) for item in classified],
                }
                for document, classified in zip(documents, found, strict=True)
            ]
            reasons = [{"doc": r.doc, "reason": r.reason} for r in rejected]
            model = answer(classifier, [])["model"]
            return json_answer({"model": model, "documents": shown, "rejected": reasons})

        return await inference.shape(sum(map(len, found)), shaped)

    return routes


async def _uploaded(request: Request, settings: Settings) -> tuple[str, bytes]:
    """The name and the bytes of the form's one file."""
    content_type(request, (_FORM,))
    body = await read_body(request, settings, settings.max_upload + _FORM_BYTES)

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield body

    headers = Headers(scope=request.scope)
    try:
        form = await MultiPartParser(headers, pieces(), max_files=1, max_fields=10).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise BadBodyError("请求体不是完整的 multipart/form-data 表单，或不止一个文件") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadRequestError("表单里要有一个名为 file 的文件", ["file"])
        return file.filename, await file.read()
    finally:
        await form.close()


def _read(data: bytes, name: str, options: ReadingOptions, settings: Settings) -> Read:
    documents: list[Document] = []
    rejected: list[Rejected] = []
    for found in read_bytes(data, name, options):
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            documents.append(found)
        if len(documents) + len(rejected) > settings.max_texts:
            raise BadRequestError(
                f"文件里的文档（或表格的行）超过 {settings.max_texts} 个，请用 govtheme score 处理",
                ["file"],
            )
    return documents, rejected
