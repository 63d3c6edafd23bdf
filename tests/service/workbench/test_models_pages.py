"""The pages about models in a real browser: train, compare, promote, roll back, estimate."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from model.store import ModelStore
from service.cli import main
from service.keys import add_key
from service.tables.scored import ScoredRow
from service.workbench.database import Database
from service.workbench.labelling.judging import judge
from service.workbench.labelling.queues import Wish, add_queue
from service.workbench.schema import Job, Paragraph, now
from tests.service.running import TEXT, serving
from tests.service.workbench.conftest import SMALL
from tests.service.workbench.labelling import LABELS
from tests.service.workbench.running import sign_in, working
from tests.small import Versions, small_corpus

SCRIPT = "<script>document.title='bad'</script><img src=x onerror=\"document.title='bad'\">"


def corpus(path: Path, rows: int) -> None:
    """Enough rows that a training takes a few seconds."""
    sentences = small_corpus().rows
    lines = []
    for n in range(rows):
        row = sentences[n % len(sentences)]
        text = f"{row.text}（{n}号，{n * 7919 % 1000}户，{'东西南北'[n % 4]}片）"
        lines.append(json.dumps({"text": text, "labels": row.labels}, ensure_ascii=False))
    path.write_text("\n".join(lines), encoding="utf-8")


def fill(folder: Path) -> None:
    """A queue with a random share, decided but for the last paragraph."""
    folder.mkdir()
    database = Database("", folder / "workbench.sqlite")
    known = [(f"{row.text}。", row.labels) for row in small_corpus().rows]
    known += [
        (first[: len(first) // 2] + second[len(second) // 2 :] + SCRIPT, labels)
        for first, labels in known[:9]
        for second, _ in known[9:14]
    ]
    said = dict(known)
    with database.session() as session:
        chosen = [(ScoredRow(text=text, doc=f"{n}.txt"), n < 40) for n, text in enumerate(said)]
        add_queue(session, Wish("河湾街道", "王一", "测试", LABELS), chosen)
        for paragraph in session.scalars(select(Paragraph)).all()[:-1]:
            judge(session, paragraph.id, "王一", said[paragraph.text])
    database.close()


def finish_archive(folder: Path, store: ModelStore) -> None:
    """An archive job that is done: 8 paragraphs, of which one is furniture."""
    out = folder / "jobs" / "0123456789ab" / "output" / "scored.parquet"
    out.parent.mkdir(parents=True)
    letter = folder / "来信.txt"
    bodies = "\n".join(row.text for row in small_corpus().rows[:7])
    letter.write_text(f"您的位置：首页 > 来信 > 正文\n{bodies}", encoding="utf-8")
    words = ["score", str(letter), "--out", str(out), "--workers", "1"]
    assert main([*words, "--models", str(store.root)]) == 0
    done = Job(id="0123456789ab", kind="score", title="来信", person="王一", command=[], asked={})
    done.state, done.ended = "done", now()
    database = Database("", folder / "workbench.sqlite")
    with database.session() as session:
        session.add(done)
    database.close()


@contextmanager
def desk(store: ModelStore, tmp_path: Path) -> Iterator[tuple[str, httpx.Client]]:
    """A workbench over a server that others use too: its address, and a client of that server."""
    keys = tmp_path / "keys.json"
    key = add_key(keys, "workbench", ("classify", "admin"))
    with serving(store.root, tmp_path / "server.log", keys=str(keys)) as (_, client):
        client.headers["x-api-key"] = key
        server = str(client.base_url)
        with working(store.root, tmp_path / "desk", server=server, server_key=key) as (_, address):
            yield address, client


def served(client: httpx.Client) -> str:
    return str(client.post("/classify", json={"text": TEXT}).json()["model"]["version"])


def test_train_compare_promote_and_roll_back(
    context: BrowserContext, versions: Versions, tmp_path: Path
) -> None:
    store, first, second = versions
    fill(tmp_path / "desk")
    corpus(tmp_path / "语料.jsonl", 3000)
    with desk(store, tmp_path) as (address, client):
        page = sign_in(context, address, "王一")
        trained = train(page, address, tmp_path / "语料.jsonl")
        assert trained in set(store.versions()) - {first, second}
        assert served(client) == first
        expect(page.locator(".verdict")).to_be_visible()
        learns_from(store, trained, labels=65, random=40)

        page.get_by_role("link", name="并排比较").click()
        expect(page.locator(".current .version")).to_have_text(first)
        expect(page.locator(".plots canvas")).to_have_count(2)
        reports(page, address, trained)

        use = page.locator("tr", has_text=trained).get_by_role("button", name="换用")
        use.click()
        page.get_by_role("button", name="不换").click()
        assert served(client) == first
        use.click()
        page.get_by_role("dialog").get_by_role("button", name="换用").click()
        expect(page.locator(".current .version")).to_have_text(trained)
        assert served(client) == trained
        assert store.promotions()[-1]["reason"] == "HTTP, workbench, 王一"

        page.get_by_role("button", name="退回上一个").click()
        page.get_by_role("dialog").get_by_role("button", name="退回").click()
        expect(page.locator(".current .version")).to_have_text(first)
        assert served(client) == first
        page.close()


def train(page: Page, address: str, file: Path) -> str:
    """Train from the labels and a file, watching; the version that comes out."""
    page.goto(f"{address}/models/train")
    page.locator(".q-checkbox", has_text="自带语料").click()
    page.locator("input[type=file]").set_input_files(str(file))
    expect(page.locator(".file")).to_contain_text("语料.jsonl")
    page.get_by_role("button", name="开始训练").click()
    expect(page.locator(".job .quiet", has_text=re.compile(r"\d+ / \d+"))).to_be_visible()
    expect(page.locator(".job .state")).to_have_text("完成", timeout=90_000)
    return page.locator(".outcome .version").inner_text().split()[-1]


def learns_from(store: ModelStore, version: str, labels: int, random: int) -> None:
    """It has learnt from the file, and from the labels that are not random."""
    corpus = store.manifest(version)["corpus"]
    assert corpus["rows"] + corpus["held_out"] <= 3000 + labels
    assert corpus["rows"] + corpus["held_out"] > 3000 + labels - random - 10


def reports(page: Page, address: str, version: str) -> None:
    """Report and card come to whoever is signed in, and may run nothing."""
    for name, kind in (("report.html", "text/html"), ("card.md", "text/plain")):
        answer = page.request.get(f"{address}/models/files/{version}/{name}")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "宏平均" in answer.text()
    for path in (f"{version}/model.joblib", f"..%2F{version}/card.md", "000000000000/card.md"):
        assert page.request.get(f"{address}/models/files/{path}").status == 404


def test_see_what_changed_and_how_good_it_is(
    context: BrowserContext, versions: Versions, tmp_path: Path
) -> None:
    store, first, second = versions
    fill(tmp_path / "desk")
    finish_archive(tmp_path / "desk", store)
    with working(store.root, tmp_path / "desk") as (_, address):
        page = sign_in(context, address, "王一")
        page.goto(f"{address}/models/changes?before={first}&after={second}")
        page.get_by_label("段落").click()
        page.get_by_role("option", name="河湾街道").click()
        page.get_by_role("button", name="比较").click()
        page.get_by_role("link", name="看是哪些段").click(timeout=60_000)
        changes_shown(page)
        phone(page)

        page.goto(f"{address}/models/changes?before={first}&after={second}")
        page.get_by_label("段落").click()
        page.get_by_role("option", name="档案 来信").click()
        page.get_by_role("button", name="比较").click()
        expect(page.get_by_text("7 段里有")).to_be_visible(timeout=60_000)

        page.goto(f"{address}/models/accuracy")
        page.get_by_role("button", name="估计").click()
        expect(page.locator(".sentence")).to_contain_text("随机抽出的 40 段（来自 40 篇）")
        expect(page.get_by_text("还要再标 120 段")).to_be_visible()
        expect(page.locator(".figures tbody tr")).to_have_count(len(LABELS))
        page.close()


def changes_shown(page: Page) -> None:
    """Every changed paragraph, those of one theme alone, and all of them as a table."""
    said = page.get_by_text("段的主题变了").inner_text()
    changed = int(re.findall(r"有 (\d+) 段", said)[0])
    rows = page.locator(".change")
    expect(rows).to_have_count(changed)
    assert changed > 3
    for way in range(2):
        for theme in range(len(LABELS)):
            button = page.locator(".figures tbody tr").nth(theme).locator("button").nth(way + 1)
            wanted = int(button.inner_text()[1:])
            button.click()
            expect(button).to_have_attribute("aria-pressed", "true")
            expect(page.locator(".change:visible")).to_have_count(wanted)
            button.click()
    expect(page.locator(".change:visible")).to_have_count(changed)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="下载 CSV").click()
    with Path(downloading.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == changed
    # A paragraph that holds a script is text.
    expect(page.locator(".change", has_text="<img src=x onerror").first).to_be_visible()
    assert page.locator(".change img, .change script").count() == 0
    assert page.title() == "govtheme"


def phone(page: Page) -> None:
    """Nothing is wider than a phone."""
    page.set_viewport_size(SMALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


def test_who_may_only_classify_sees_all_and_changes_nothing(
    context: BrowserContext, versions: Versions, tmp_path: Path
) -> None:
    store, _, second = versions
    keys = tmp_path / "keys.json"
    key = add_key(keys, "标注员", ("classify",))
    with working(store.root, tmp_path / "desk", "--keys", str(keys)) as (_, address):
        for path in (f"/models/files/{second}/report.html", "/models", "/models/train"):
            answer = httpx.get(address + path, trust_env=False)
            assert (answer.status_code, answer.headers["location"]) == (307, "/signin")
        page = sign_in(context, address, key)
        page.goto(f"{address}/models")
        expect(page.locator("tr", has_text=second).get_by_role("button")).to_be_disabled()
        expect(page.get_by_role("button", name="退回上一个")).to_be_disabled()
        page.goto(f"{address}/models/train")
        expect(page.get_by_role("button", name="开始训练")).to_be_disabled()
        page.close()
