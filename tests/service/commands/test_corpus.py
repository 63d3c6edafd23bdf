"""Checking, converting and mending a corpus from the command line."""

import json
from pathlib import Path

import pytest

from tests.service.commands.conftest import Run, corpus


def test_convert_check_and_fix(run: Run, tmp_path: Path) -> None:
    corpus(tmp_path / "a.csv", 80)
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").split("\n")
    lines[4] = lines[4].replace(",物业管理,", ",基础设施,")
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    plain = ("--codebook", "none")
    done = run("corpus", "convert", "a.csv", "--out", "a.json", "--to", "labelstudio", *plain)
    assert done.returncode == 0, done.stderr
    listed = run("corpus", "check", "a.json", "--suspicious", "--out", "s.csv", *plain, "--json")
    assert listed.returncode == 0, listed.stderr
    first = json.loads(listed.stdout)[0]
    assert (first["id"], first["suggested"]) == ("a.csv:5", ["物业管理"])
    table = (tmp_path / "s.csv").read_text(encoding="utf-8-sig")
    edited = table.replace("基础设施,物业管理,,", "基础设施,物业管理,物业管理,", 1)
    assert edited != table
    (tmp_path / "s.csv").write_text(edited, encoding="utf-8-sig")
    fixed = run("corpus", "fix", "a.json", "--reviewed", "s.csv", "--out", "b.jsonl", *plain)
    assert fixed.returncode == 0, fixed.stderr
    assert "a.csv:5：基础设施 → 物业管理" in fixed.stdout
    assert "改了 1 段，80 段已写入" in fixed.stdout
    rows = (tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(rows[3])["labels"] == ["物业管理"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["convert", "d", "--to", "csv"], id="convert"),
        pytest.param(["fix", "d", "--reviewed", "r.csv"], id="fix"),
        pytest.param(["check", "d", "--suspicious"], id="check"),
    ],
)
def test_no_file_is_replaced_unless_asked(run: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "d").mkdir()
    corpus(tmp_path / "d" / "a.csv", 40)
    (tmp_path / "r.csv").write_text("编号,正文,改为\n", encoding="utf-8")
    inputs = ["d/a.csv", "d/../d/a.csv", *(["r.csv"] if "fix" in words else [])]
    for target in inputs:
        before = (tmp_path / target).read_bytes()
        done = run("corpus", *words, "--out", target, "--overwrite", "--codebook", "none")
        assert done.returncode == 2
        assert "来源" in done.stderr
        assert (tmp_path / target).read_bytes() == before
    (tmp_path / "x.csv").write_text("别的", encoding="utf-8")
    refused = run("corpus", *words, "--out", "x.csv", "--codebook", "none")
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "别的"
    done = run("corpus", *words, "--out", "x.csv", "--overwrite", "--codebook", "none")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.csv").read_text(encoding="utf-8-sig") != "别的"


def test_everything_wrong_with_a_corpus_can_be_had_as_json(run: Run, tmp_path: Path) -> None:
    bad = "\n".join(f"第{n}句,不存在{n % 3}" for n in range(60))
    (tmp_path / "a.csv").write_text(f"正文,标签\n一,网格管理\n二,基础设施\n三,4\n{bad}")
    done = run("corpus", "check", "a.csv", "--json")
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    assert len(problems) == 60
    assert problems[0]["line"] == 5
    shown = run("train", "a.csv")
    assert shown.returncode == 1
    assert "60 处问题" in shown.stderr
    assert "另有 40 处" in shown.stderr


def test_check_tells_conflicts_from_copies_and_what_cannot_be_learnt(
    run: Run, tmp_path: Path
) -> None:
    corpus(tmp_path / "a.csv", 24)
    twice, other = "这一句写了两遍。", "这一句标了两样。"
    more = [f"{twice},基础设施,东", f"{twice},基础设施,东", f"{other},基础设施,东"]
    with (tmp_path / "a.csv").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join([*more, f"{other},网格管理,东"]))
    shown = run("corpus", "check", "a.csv")
    assert shown.returncode == 1
    lines = [line for line in shown.stdout.splitlines() if "：" in line]
    assert lines[0] == "文字相同、标签不同：a.csv:28 与 a.csv:29"
    assert "不能拿来训练：网格管理 只有 1 段，训练至少要 5 段" in lines
    assert "文字相同：a.csv:26 与 a.csv:27" in lines
    assert "共 1 对标签冲突" in shown.stdout
    told = json.loads(run("corpus", "check", "a.csv", "--json").stdout)
    assert told["contradictions"] == [["a.csv:28", "a.csv:29"]]
    assert told["equal"] == [["a.csv:26", "a.csv:27"]]
    assert len(told["too_little"]) == 2
    (tmp_path / "one.csv").write_text("正文,标签\n修路了,甲\n修桥了,甲\n", encoding="utf-8")
    single = run("corpus", "check", "one.csv")
    assert "不能拿来训练：只有一个标签" in single.stdout
    assert "没有发现问题" not in single.stdout
