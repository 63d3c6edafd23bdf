"""Training, judging, comparing and promoting from the command line, as a person goes about it."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from model.store import ModelStore
from tests.service.commands.conftest import COMMAND, KINDS, Run, corpus


@pytest.fixture
def two_kinds(tmp_path: Path) -> None:
    corpus(tmp_path / "a.csv", 600)
    corpus(tmp_path / "b.csv", 700)
    corpus(tmp_path / "bad.csv", 800, wrong=True)


@pytest.mark.usefixtures("two_kinds")
def test_a_model_is_served_only_when_it_is_not_worse(run: Run, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "m")
    first = run("train", "a.csv", "--codebook", "none", "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["serving"]
    assert "留出" in first.stderr
    current = store.current()

    better = run("train", "b.csv", "--codebook", "none", "--json")
    assert better.returncode == 0, better.stdout
    assert "不比正在使用的差" in json.loads(better.stdout)["reason"]
    served = store.current()
    assert served not in (current, None)

    asked = json.loads(run("train", "a.csv", "--codebook", "none", "--no-promote", "--json").stdout)
    assert (asked["version"], asked["serving"], asked["refused"]) == (current, False, False)
    assert asked["passed"] in (True, False)
    assert "检验的结果" in asked["reason"]
    assert store.current() == served

    worse = run("train", "bad.csv", "--codebook", "none", "--gate", "b.csv", "--json")
    assert worse.returncode == 1
    reason = json.loads(worse.stdout)["reason"]
    assert f"仍在使用 {served}" in reason
    assert store.current() == served
    assert json.loads(worse.stdout)["version"] in store.versions()

    forced = run("train", "bad.csv", "--codebook", "none", "--force", "--json")
    assert forced.returncode == 0
    assert store.current() == json.loads(worse.stdout)["version"]
    assert run("models", "rollback").returncode == 0
    assert store.current() == served
    log = run("models", "log").stdout
    assert [line.split("  ")[2][:2] for line in log.splitlines()] == ["选用"] * 3 + ["退回"]

    listed = json.loads(run("models", "list", "--json").stdout)
    assert [row["current"] for row in listed] == [row["version"] == served for row in listed]
    assert all({"macro_f1", "exact_match", "labels"} <= set(row) for row in listed)
    assert "各标签的 F1" in run("models", "list").stdout


@pytest.mark.usefixtures("two_kinds")
def test_a_search_keeps_its_time_and_tells_what_it_tried(run: Run, tmp_path: Path) -> None:
    done = run("train", "a.csv", "--codebook", "none", "--search", "--budget", "8s", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    tried = told["metrics"]["search"]
    assert len(tried) > 5
    assert tried[0]["parameters"]["characters"] == [1, 2]
    assert len({json.dumps([one["parameters"], one["rows"]]) for one in tried}) == len(tried)
    folder = tmp_path / "m" / told["version"]
    assert "试过哪些参数" in (folder / "report.html").read_text(encoding="utf-8")
    assert f"搜索试了 {len(tried)} 组参数" in done.stderr
    assert f"试过 {len(tried)} 次" in (folder / "card.md").read_text(encoding="utf-8")

    alike = run("train", "a.csv", "--codebook", "none", "--like", told["version"])
    assert alike.returncode == 0, alike.stderr
    assert f"与已有的 m/{told['version']} 相同" in alike.stdout
    assert "已写入" not in alike.stdout


@pytest.mark.usefixtures("two_kinds")
def test_parameters_are_taken_from_another_version(run: Run, tmp_path: Path) -> None:
    first = json.loads(run("train", "a.csv", "--codebook", "none", "--json").stdout)["version"]
    path = tmp_path / "m" / first / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["parameters"] |= {"words": [1, 1], "c": 0.25}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    done = run("train", "b.csv", "--codebook", "none", "--like", first, "--no-promote", "--json")
    assert done.returncode == 0, done.stderr
    version = json.loads(done.stdout)["version"]
    shown = json.loads(run("models", "show", version).stdout)["parameters"]
    assert (shown["words"], shown["c"]) == ([1, 1], 0.25)

    manifest["parameters"]["colour"] = "red"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    wrong = run("train", "b.csv", "--codebook", "none", "--like", first)
    assert wrong.returncode == 1
    assert "不能沿用" in wrong.stderr
    assert "colour" in wrong.stderr


def test_a_precision_that_is_asked_for_is_kept(run: Run, tmp_path: Path) -> None:
    """Letters on three things: one is always 甲, one always 乙, one 甲 in three cases of five."""
    generator, characters = random.Random(0), [chr(code) for code in range(0x5000, 0x5200)]
    unclear = ("绿化", "噪声", "停车", "积水", "井盖", "垃圾")
    lines = ["正文,标签"]
    for n in range(900):
        words = (*KINDS.values(), unclear)[n % 3]
        label = ("甲", "乙", "甲" if n % 5 < 3 else "乙")[n % 3]
        about = "".join(generator.choices(characters, k=25))
        lines.append(f"{about}，{words[n // 3 % 6]}{words[n // 18 % 6]}。,{label}")
    (tmp_path / "c.csv").write_text("\n".join(lines), encoding="utf-8")
    plain, precise = (
        json.loads(run("train", "c.csv", "--codebook", "none", "--force", "--json", *more).stdout)[
            "metrics"
        ]["labels"]
        for more in ((), ("--precision", "0.95"))
    )
    assert plain["甲"]["precision"] < 0.9
    assert all(one["precision"] >= 0.93 for one in precise.values())
    assert precise["甲"]["recall"] < plain["甲"]["recall"] - 0.1
    most = run("train", "c.csv", "--codebook", "none", "--precision", "0.999", "--no-promote")
    assert "注意：甲：要求精确率 0.999，交叉验证为" in most.stderr
    refused = run("train", "c.csv", "--codebook", "none", "--precision", "1.5")
    assert refused.returncode == 2
    assert "precision" in refused.stderr


@pytest.mark.usefixtures("two_kinds")
def test_near_copies_of_learnt_rows_do_not_judge(run: Run, tmp_path: Path) -> None:
    assert run("train", "a.csv", "--codebook", "none").returncode == 0
    learnt = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    head, rows = learnt[0], [line.split(",") for line in learnt[1:]]
    copies = [f"{text}特此说明。,{label},{county}" for text, label, county in rows]
    (tmp_path / "g.csv").write_text("\n".join([head, *copies]), encoding="utf-8")
    judged = run("train", "b.csv", "--codebook", "none", "--gate", "g.csv", "--json")
    reason = json.loads(judged.stdout)["reason"]
    assert "与学过的几乎相同" in reason
    shown = run("evaluate", "g.csv", "--json")
    assert "与学过的几乎相同" in shown.stderr


@pytest.fixture
def trained(store: ModelStore, tmp_path: Path) -> str:
    """A copy of the small model in the store `m`; its version."""
    shutil.copytree(store.root, tmp_path / "m")
    (tmp_path / "x.jsonl").write_text(
        '{"text": "网格员每天入户走访。", "labels": ["网格管理"], "genre": "甲"}\n'
        '{"text": "志愿者帮忙修路。", "labels": ["志愿服务"], "genre": "乙"}\n'
        '{"text": "粮食丰收<i>了</i>。", "labels": ["物业管理"], "genre": "乙"}\n',
        encoding="utf-8",
    )
    version = store.current()
    assert version is not None
    return version


@pytest.mark.usefixtures("trained")
def test_evaluate_by_a_column_with_mistakes_and_a_page(run: Run, tmp_path: Path) -> None:
    words = ("evaluate", "x.jsonl", "--by", "genre", "--mistakes", "5", "--report", "r.html")
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {value: one["rows"] for value, one in told["by"]["genre"].items()} == {"乙": 2, "甲": 1}
    assert told["mistakes"][0]["labels"] == ["property_management"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "检验报告" in page
    assert "<i>" not in page
    assert "&lt;" in page
    shown = run(*words).stdout
    assert "错得最厉害的段" in shown
    assert "按 genre 分" in shown
    assert f"拿不准的段占 {told['uncertain_share']:.1%}" in shown
    assert f"整段全对的占 {told['answered']['exact_match']:.1%}" in shown
    wrong = run("evaluate", "x.jsonl", "--by", "省")
    assert wrong.returncode == 1
    assert "有的列：genre" in wrong.stderr


def test_evaluate_says_when_the_model_knows_the_rows(
    run: Run, trained: str, tmp_path: Path
) -> None:
    line = '{"text": "网格员每天入户走访，把问题记进台账。", "labels": ["网格管理"]}\n'
    (tmp_path / "known.jsonl").write_text(line, encoding="utf-8")
    done = run("evaluate", "known.jsonl", "--against", trained)
    assert done.returncode == 0
    assert "1 段是学过的" in done.stderr
    assert "看不出差别" in done.stdout
    told = json.loads(run("evaluate", "known.jsonl", "--against", trained, "--json").stdout)
    assert (told["difference"], told["p"], told["changes"]) == (0.0, 1.0, [])


@pytest.mark.parametrize("more", [["--by", "genre"], ["--mistakes", "2"], ["--report", "r.html"]])
def test_a_comparison_refuses_what_it_would_leave_out(
    run: Run, trained: str, tmp_path: Path, more: list[str]
) -> None:
    done = run("evaluate", "x.jsonl", "--against", trained, *more)
    assert done.returncode == 2
    assert "--against" in done.stderr
    assert more[0] in done.stderr
    assert not (tmp_path / "r.html").exists()


def test_advice_is_given_only_where_it_can_be_followed(
    run: Run, trained: str, tmp_path: Path
) -> None:
    corpus(tmp_path / "own.csv", 24)
    for label in ("甲", "物业"):
        row = json.dumps({"text": "小区里的事。", "labels": [label]})
        (tmp_path / "other.jsonl").write_text(row, encoding="utf-8")
        refused = run("evaluate", "other.jsonl", "--model", trained)
        assert refused.returncode == 1
        assert label in refused.stderr
        assert "--codebook" not in refused.stderr
    words = ("train", "own.csv", "--no-promote")
    assert "--corpus bundled" in run(*words).stderr
    plain = run(*words, "--codebook", "none").stderr
    assert "只有 24 段" in plain
    assert "--corpus bundled" not in plain


def test_labels_that_hold_a_separator_stay_whole_where_asked(run: Run, tmp_path: Path) -> None:
    corpus(tmp_path / "a.csv", 60)
    path = tmp_path / "a.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("基础设施", "道路、管网"), "utf-8")
    torn = run("train", "a.csv", "--no-promote")
    assert "“道路、管网”（30 段）" in torn.stderr
    plain = ("--codebook", "none", "--label-separator", "")
    whole = run("train", "a.csv", *plain, "--json")
    assert "被拆成" not in whole.stderr
    assert set(json.loads(whole.stdout)["metrics"]["labels"]) == {"道路、管网", "物业管理"}
    judged = run("train", "a.csv", *plain, "--precision", "0.9", "--gate", "a.csv", "--no-promote")
    assert judged.returncode == 0, judged.stderr


@pytest.mark.usefixtures("trained")
def test_sign_verify_and_what_was_tampered_with(run: Run, tmp_path: Path) -> None:
    assert run("models", "list").returncode == 0
    made = subprocess.run([COMMAND, "models", "keygen", "k"], cwd=tmp_path, check=False)
    assert made.returncode == 0
    assert "没有签名" in run("models", "verify", "--key", "k.pub").stderr
    assert run("models", "sign", "--key", "k").returncode == 0
    assert "没有核对" in run("models", "verify").stdout
    assert "签名正确" in run("models", "verify", "--key", "k.pub").stdout
    (card,) = (tmp_path / "m").glob("*/card.md")
    card.write_text("很好", encoding="utf-8")
    for words in (("models", "verify"), ("models", "verify", "--key", "k.pub")):
        done = run(*words)
        assert done.returncode == 1
        assert "card.md" in done.stderr


def test_verify_names_libraries_of_another_version(run: Run, trained: str, tmp_path: Path) -> None:
    path = tmp_path / "m" / trained / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["libraries"]["numpy"] = "1.0"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    done = run("models", "verify")
    assert done.returncode == 0
    assert "训练时用的是 numpy 1.0" in done.stderr


def test_a_damaged_model_is_listed_with_what_is_wrong(
    run: Run, trained: str, tmp_path: Path
) -> None:
    (tmp_path / "m" / trained / "metrics.json").write_text("{", encoding="utf-8")
    done = run("models", "list", "--json")
    assert done.returncode == 0
    assert "损坏" in json.loads(done.stdout)[0]["wrong"]
    assert run("models", "list").returncode == 0


def test_models_and_their_log_are_told_in_the_words_of_the_user(
    run: Run, trained: str, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "m")
    others = [f"{n}" * 12 for n in range(1, 6)]
    for n, name in enumerate(others):
        shutil.copytree(tmp_path / "m" / trained, tmp_path / "m" / name)
        os.utime(tmp_path / "m" / name / "manifest.json", (2e9 + n, 2e9 + n))
    shown = run("models", "list").stdout.partition("各标签的 F1")[2]
    assert f"▶{trained}" in shown
    assert [name in shown for name in others] == [False, False, True, True, True]
    for name, reason in zip(
        others, ("first", "forced", "by hand", "gate: 好", "HTTP, 甲, 王一"), strict=True
    ):
        store.promote(name, reason)
    store.rollback("HTTP, 甲")
    store.rollback()
    lines = run("models", "log").stdout.splitlines()[-7:]
    assert [line.split("  ", 3)[3] for line in lines] == [
        "第一个模型",
        "没有比较（--force）",
        "人工选用",
        "经过比较：好",
        "经服务，密钥 甲，替 王一",
        f"从 {others[4]} 退回：经服务，密钥 甲",
        f"从 {others[3]} 退回",
    ]


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        pytest.param(["corpus", "check", "a.csv", "--format", "xml"], 2, "xml", id="no format"),
        pytest.param(["corpus", "convert", "a.csv", "--out", "b.xyz"], 1, "--to", id="no target"),
        pytest.param(["corpus", "check", "a.csv", "--out", "s.ods"], 1, ".xlsx", id="no sheet"),
        pytest.param(["train", "a.csv", "--codebook", "no.toml"], 1, "no.toml", id="no codebook"),
        pytest.param(["train", "a.csv", "--hold-out", "0.9"], 2, "hold-out", id="too much"),
        pytest.param(["train", "a.csv", "--budget", "5m"], 2, "--search", id="no search"),
        pytest.param(["evaluate", "a.csv"], 1, "govtheme train", id="no model"),
        pytest.param(["models", "sign", "--key", "k"], 1, "govtheme train", id="nothing to sign"),
    ],
)
def test_errors_name_what_was_wrong(
    run: Run, tmp_path: Path, words: list[str], status: int, reason: str
) -> None:
    corpus(tmp_path / "a.csv", 12)
    done = run(*words)
    assert done.returncode == status
    assert reason in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
