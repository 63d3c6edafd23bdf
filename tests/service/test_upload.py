"""Uploaded files: pages, tables, archives, and what is wrong with them."""

import io
import socket
import zipfile
from collections.abc import Iterator

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.settings import Settings
from tests.service.running import TEXT, running


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(Settings(max_texts=50, max_upload=100_000), classifier) as client:
        yield client


def upload(
    client: httpx.Client, name: str, data: bytes, field: str = "file", query: str = ""
) -> httpx.Response:
    return client.post(f"/classify/file{query}", files={field: (name, data)})


def test_a_page_gives_paragraphs(client: httpx.Client) -> None:
    answer = upload(client, "简报.txt", f"工作简报\n\n{TEXT}\n".encode("gb18030")).json()
    (document,) = answer["documents"]
    assert document["doc"] == "简报.txt"
    assert document["results"][1]["labels"] == ["grid_management"]
    assert document["results"][1]["text"] == TEXT
    assert answer["rejected"] == []


def test_a_table_gives_a_document_a_row(client: httpx.Client) -> None:
    table = f"编号,诉求内容\n1,{TEXT}\n2,今年粮食再获丰收，单产创新高。\n".encode("gbk")
    answer = upload(client, "热线.csv", table, query="?evidence=true").json()
    labels = [document["results"][0]["labels"] for document in answer["documents"]]
    assert labels == [["grid_management"], []]
    (result,) = answer["documents"][0]["results"]
    assert (result["text"], result["para"]) == (TEXT, 0)
    assert result["evidence"]


def test_an_archive_gives_its_members_and_what_is_wrong_with_them(client: httpx.Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("一.txt", TEXT)
        archive.writestr("二.exe", b"MZ")
    answer = upload(client, "a.zip", packed.getvalue()).json()
    assert [document["doc"] for document in answer["documents"]] == ["a.zip!/一.txt"]
    assert [entry["doc"] for entry in answer["rejected"]] == ["a.zip!/二.exe"]


def test_an_archive_may_not_unpack_to_more_than_ten_uploads(client: httpx.Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"{number}.txt", f"{number}{TEXT}" * 1000)
    answer = upload(client, "a.zip", packed.getvalue()).json()
    assert any("GOVTHEME_MAX_UNPACKED" in entry["reason"] for entry in answer["rejected"])


def test_a_threshold_holds_for_files_too(client: httpx.Client) -> None:
    answer = upload(client, "a.txt", TEXT.encode(), query="?threshold=1").json()
    assert answer["documents"][0]["results"][0]["labels"] == []


def test_what_is_wrong_with_a_form_is_told(client: httpx.Client) -> None:
    assert upload(client, "a.txt", TEXT.encode(), field="other").status_code == 422
    assert upload(client, "a.txt", b"x" * 200_000).status_code == 413
    rows = "内容\n" + f"{TEXT}\n" * 60
    many = upload(client, "a.csv", rows.encode())
    assert many.status_code == 422
    assert "govtheme score" in many.json()["error"]["message"]
    assert client.post("/classify/file", json={"file": "x"}).status_code == 415
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    assert client.post("/classify/file", files=two).status_code == 400
    for boundary in ("", "; boundary=x"):
        headers = {"content-type": f"multipart/form-data{boundary}"}
        broken = client.post("/classify/file", content=b"--y\r\n", headers=headers)
        assert broken.status_code in (400, 422)


def test_a_broken_file_is_rejected_and_not_the_request(client: httpx.Client) -> None:
    for name in ("a.docx", "a.pdf", "a.xlsx", "a.zip", "a.ofd", "a.txt"):
        answer = upload(client, name, b"broken \xff\x00" * 10)
        assert answer.status_code == 200, name
        assert answer.json()["rejected"][0]["reason"], name


def test_who_hangs_up_in_the_middle_of_a_file_is_no_failure_of_the_server(
    client: httpx.Client,
) -> None:
    address = client.base_url.host, client.base_url.port or 0
    counted = 'govtheme_requests_total{route="/classify/file",status="%d"} 1.0'
    with socket.create_connection(address) as connection:
        head = b"POST /classify/file HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n"
        connection.sendall(head + b"content-type: multipart/form-data; boundary=x\r\n\r\n--x")
    while counted % 499 not in (figures := client.get("/metrics").text):
        assert counted % 500 not in figures
