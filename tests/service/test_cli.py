"""The installed command, run as a user runs it, from another folder."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest

from model.bundled import bundled
from model.store import ModelStore
from training.formats.reading import FORMATS

COMMAND = str(Path(sys.executable).with_name("govtheme"))


def run(*words: str, cwd: Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([COMMAND, *words], cwd=cwd, input=given, capture_output=True, check=False)


def test_train_then_classify_from_another_folder(tmp_path: Path) -> None:
    rows = [("水泥路修通了", "基础设施"), ("网格员上门走访", "2"), ("粮食丰收", "")]
    lines = ["正文,标签"] + [
        f"{text}，第{n}回。,{label}" for n in range(12) for text, label in rows
    ]
    lines += [f"志愿者来帮忙第{n}天,志愿服务\n物业费第{n}次上涨,物业管理" for n in range(12)]
    (tmp_path / "语料.csv").write_bytes("\n".join(lines).encode("gb18030"))
    done = run("train", "--corpus", "语料.csv", "--models", "m", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    version = json.loads(done.stdout)["version"]
    assert ModelStore(tmp_path / "m").current() == version
    said = run("classify", "网格员上门", "--models", "m", cwd=tmp_path)
    assert "网格管理" in said.stdout.decode()
    listed = run("models", "list", "--models", "m", "--json", cwd=tmp_path)
    assert [row["version"] for row in json.loads(listed.stdout)] == [version]
    verified = run("models", "verify", "--models", "m", cwd=tmp_path)
    assert verified.returncode == 0


def test_a_page_from_a_file_and_from_standard_input(store: ModelStore, tmp_path: Path) -> None:
    page = bundled("sample_page.txt").read_bytes()
    models = ("--models", str(store.root), "--json")
    (tmp_path / "页.txt").write_bytes(page.decode().encode("gb18030"))
    from_file = run("classify", "--file", "页.txt", *models, cwd=tmp_path)
    from_input = run("classify", "-", *models, cwd=tmp_path, given=page)
    assert json.loads(from_file.stdout) == json.loads(from_input.stdout)
    kinds = [result["kind"] for result in json.loads(from_file.stdout)["results"]]
    assert kinds[:3] == ["furniture", "heading", "furniture"]


def test_score_writes_a_table_and_a_summary(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    shutil.copy(bundled("sample_page.txt"), tmp_path / "a" / "页.txt")
    (tmp_path / "a" / "b.bin").write_bytes(b"\x00")
    words = ("score", "a", "--out", "t/out.csv", "--models", str(store.root))
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0
    assert "基础设施" in done.stdout.decode()
    assert "b.bin" in done.stderr.decode()
    assert (tmp_path / "t" / "out.csv").is_file()
    strict = run(*words, "--strict", "--json", cwd=tmp_path)
    assert strict.returncode == 1
    assert json.loads(strict.stdout)["documents"] == 1


@pytest.mark.parametrize("asked", [["--no-keep-text"], ["--keep-text", "no"]], ids=" ".join)
def test_score_writes_a_folder_of_parquet_and_no_text_when_asked(
    asked: list[str], store: ModelStore, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    shutil.copy(bundled("sample_page.txt"), tmp_path / "a" / "页.txt")
    words = ("score", "a", "--out", "结果", *asked, "--workers", "2", "--json")
    done = run(*words, "--models", str(store.root), cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    assert summary == json.loads((tmp_path / "结果.summary.json").read_bytes())
    assert [path.name for path in (tmp_path / "结果").iterdir()] == ["part-000000.parquet"]
    assert (tmp_path / "结果.report.html").is_file()
    assert "小院" not in (tmp_path / "结果.report.html").read_text(encoding="utf-8")


def test_evaluate_measures_on_a_labelled_file(store: ModelStore, tmp_path: Path) -> None:
    line = '{"text": "网格员每天入户走访。", "labels": ["网格管理"]}\n'
    (tmp_path / "x.jsonl").write_text(line, encoding="utf-8")
    done = run("evaluate", "x.jsonl", "--models", str(store.root), "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["labels"]["grid_management"]["f1"] == 1.0


def test_help_names_the_themes_of_the_codebook(tmp_path: Path) -> None:
    shown = run("classify", "--help", cwd=tmp_path).stdout.decode()
    for name in ("基础设施", "网格管理", "志愿服务", "物业管理"):
        assert name in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("score", ("没有扩展名则为一个文件夹的Parquet",)),
        ("train", ()),
        ("evaluate", ()),
        ("corpus check", FORMATS),
        ("corpus convert", FORMATS),
        ("corpus fix", FORMATS),
        ("models diff", ()),
    ],
)
def test_help_is_whole_in_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: Iterable[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(*words.split(), "--help", cwd=tmp_path).stdout.decode()
    assert "…" not in shown
    joined = re.sub(r"[\s│]", "", shown)
    assert all(each in joined for each in said)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        pytest.param(["classify"], 2, "三者取一", id="nothing to classify"),
        pytest.param(["classify", " "], 2, "空的", id="empty text"),
        pytest.param(["classify", "a", "--bogus"], 2, "bogus", id="unknown option"),
        pytest.param(["classify", "a", "--models", "m"], 1, "govtheme train", id="no model"),
        pytest.param(["classify", "--file", "no.txt"], 1, "没有这个文件", id="no file"),
        pytest.param(["classify", "--file", "."], 1, "文件夹", id="a folder for a file"),
        pytest.param(["score", "nowhere", "--out", "x.csv"], 1, "nowhere", id="no input"),
        pytest.param(["train", "--corpus", "no.jsonl"], 1, "no.jsonl", id="no corpus"),
        pytest.param(["models", "promote", "x", "--models", "m"], 1, "没有版本 x", id="no version"),
        pytest.param(["corpus", "check", "no.csv"], 1, "no.csv", id="no corpus to check"),
    ],
)
def test_errors_say_what_was_wrong_and_set_the_status(
    tmp_path: Path, words: list[str], status: int, message: str
) -> None:
    done = run(*words, cwd=tmp_path)
    assert done.returncode == status
    said = (done.stdout + done.stderr).decode()
    assert message in said
    assert "Traceback" not in said


def test_an_unknown_output_format_is_refused(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("网格员上门。", encoding="utf-8")
    done = run("score", "a.txt", "--out", "x.ods", "--models", str(store.root), cwd=tmp_path)
    assert done.returncode == 1
    assert ".parquet" in done.stderr.decode()


def test_corpus_check_of_a_bad_corpus_fails(tmp_path: Path) -> None:
    line = '{"text": "同一句话写了两遍。", "labels": []}\n'
    (tmp_path / "x.jsonl").write_text(line * 2, encoding="utf-8")
    done = run("corpus", "check", "x.jsonl", cwd=tmp_path)
    assert done.returncode == 1
    assert "文字相同" in done.stdout.decode()


def test_serve_prints_its_address_answers_and_stops(store: ModelStore, tmp_path: Path) -> None:
    words = [COMMAND, "serve", "--port", "0", "--models", str(store.root)]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            address = line.split("：", 1)[1].split("（")[0]
            request = urllib.request.Request(  # noqa: S310
                f"{address}/classify",
                json.dumps({"text": "网格员每天入户走访。"}).encode(),
                {"content-type": "application/json"},
            )
            for attempt in range(50):
                try:
                    with urllib.request.urlopen(request) as answer:  # noqa: S310
                        labels = json.load(answer)["results"][0]["labels"]
                    break
                except OSError:
                    assert attempt < 49
                    time.sleep(0.1)
            assert labels == ["grid_management"]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0


def test_a_port_in_use_is_named(store: ModelStore, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--models", str(store.root), cwd=tmp_path)
    assert done.returncode == 1
    assert "--port" in done.stderr.decode()


def test_a_file_name_is_not_taken_for_a_text(tmp_path: Path) -> None:
    (tmp_path / "页.txt").write_text("网格员上门。", encoding="utf-8")
    done = run("classify", "页.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert "--file" in done.stderr.decode()


def test_a_console_that_lacks_a_character_shows_a_question_mark(
    store: ModelStore, tmp_path: Path
) -> None:
    (tmp_path / "页.txt").write_text("网格员上门😀。", encoding="utf-8")
    done = subprocess.run(
        [COMMAND, "classify", "--file", "页.txt", "--models", str(store.root)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert "网格员上门" in done.stdout.decode("gbk")


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("MAX_CHARACTERS", "0")])
def test_a_wrong_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GOVTHEME_{name}", value)
    done = run("serve", cwd=tmp_path)
    assert done.returncode == 1
    assert f"GOVTHEME_{name}" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_contradictory_labels_are_warned_of(tmp_path: Path) -> None:
    rows = [f"第{n}条路修通了。,基础设施\n第{n}位网格员上门。,网格管理" for n in range(8)]
    rows += [f"第{n}名志愿者帮忙。,志愿服务\n第{n}次物业费上涨。,物业管理" for n in range(8)]
    rows += ["第1条路修通了。,网格管理"]
    (tmp_path / "a.csv").write_text("正文,标签\n" + "\n".join(rows), encoding="utf-8")
    done = run("train", "--corpus", "a.csv", "--models", "m", cwd=tmp_path)
    assert done.returncode == 0
    assert "标签不同" in done.stderr.decode()
    assert "靠不住" in done.stderr.decode()


def test_the_table_of_an_earlier_run_is_not_read(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("网格员上门。", encoding="utf-8")
    words = ("score", ".", "--out", "out.csv", "--models", str(store.root), "--json")
    first, second = (json.loads(run(*words, cwd=tmp_path).stdout) for _ in range(2))
    assert first["rejected"] == second["rejected"] == 0
    nothing = tmp_path / "empty"
    nothing.mkdir()
    (nothing / "a.doc").write_bytes(b"x")
    assert (
        run(
            "score", "empty", "--out", "x.csv", "--models", str(store.root), cwd=tmp_path
        ).returncode
        == 1
    )
