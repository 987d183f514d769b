"""Links: what is found, what must not be, and how strong it is said to be."""

from __future__ import annotations

import json
import math
import random
import sqlite3
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import networkx
import pytest
from case_fixtures import Command
from links_fixtures import crowd, mark, seen
from report_fixtures import decide, item_of, renamed, some_records, write_case, write_records

from serialscan.errors import ExitCode
from serialscan.links.atlas import geojson, place_of
from serialscan.links.find import MOST, find_links, number_of
from serialscan.links.model import Link
from serialscan.links.network import MOST_ITEMS, chosen, draw, graphml
from serialscan.links.page import page
from serialscan.links.strength import FEW_CAP, doubted, log10_evidence, log_corrected, log_expected, runs
from serialscan.record import Gps
from serialscan.register.build import build
from serialscan.register.register import Register
from serialscan.report.build import Part, Unit


def of_kind(links: list[Link], kind: str) -> list[Link]:
    return [one for one in links if one.kind == kind]


def test_the_same_serial_of_one_maker_is_the_same_item_and_its_strength_is_its_rarity() -> None:
    links = of_kind(find_links([*crowd(100), seen("5O5050"), seen("505 050", source="b")]), "same_item")
    assert len(links) == 1
    # 100 numbers over 800 000: a certain one is met by chance once in 800 000 times, or oftener where they
    # stand closer.
    assert links[0].log10_lr is not None and 4.5 < links[0].log10_lr < 6
    assert [one.serial for one in links[0].items] == ["5O5050", "505 050"]  # as read, not as compared


def test_a_serial_that_two_makers_use_is_a_conflict_and_no_link() -> None:
    links = find_links([*crowd(50), seen("505050"), seen("505050", maker="NORINCO", source="b")])
    assert [one.kind for one in links] == ["conflict"]
    assert links[0].log10_lr is None and links[0].support == ""


def test_two_items_of_one_maker_are_linked_beside_a_conflict_with_another() -> None:
    links = find_links(
        [*crowd(50), seen("505050"), seen("505050", source="b"), seen("505050", maker="NORINCO", source="c")]
    )
    same = of_kind(links, "same_item")
    assert len(same) == 1 and {one.source for one in same[0].items} == {"a", "b"}
    assert len(of_kind(links, "conflict")) == 1


def test_a_block_that_was_split_is_one_run_and_chance_neighbours_are_none() -> None:
    block = [seen(str(400_000 + 3 * n), source=f"place {n % 5}") for n in range(12)]
    others = [one for one in crowd(200) if not 398_000 < int(one.serial or 0) < 402_000]
    links = of_kind(find_links([*others, *block]), "near_serials")
    assert len(links) == 1
    assert {one.serial for one in links[0].items} == {one.serial for one in block}
    assert links[0].log10_lr == MOST
    assert len(links[0].sources) == 5


def test_numbers_near_to_each_other_mean_nothing_where_a_maker_s_numbers_are_dense() -> None:
    pair = [seen("500010"), seen("500020", source="b")]
    assert of_kind(find_links([*crowd(60, low=480_000, high=520_000), *pair]), "near_serials") == []


def test_serials_of_two_makers_models_or_shapes_are_no_run() -> None:
    block = [str(400_000 + n) for n in range(4)]
    for more in ({"maker": "NORINCO"}, {"model": "AR-15"}, {"maker": None}):
        others = [seen(one, **more) for one in block[2:]]  # type: ignore[arg-type]
        links = of_kind(find_links([*crowd(100), seen(block[0]), seen(block[1]), *others]), "near_serials")
        assert all(len(one.items) == 2 for one in links)
    shapes = [seen("400000"), seen("A400001"), seen("40002"), seen("400003B")]
    assert find_links([*crowd(100), *shapes]) == []


def test_chance_alone_gives_hardly_a_run_of_any_maker() -> None:
    """100 sets of evenly lying numbers: links that claim 10 to 1 may come about once in ten, not oftener."""
    false = sum(len(of_kind(find_links(crowd(60, seed=seed)), "near_serials")) > 0 for seed in range(100))
    assert false <= 10


def test_a_search_among_many_makers_pays_for_all_of_them() -> None:
    """Of two numbers side by side each maker that is searched, too, takes its share of the strength."""

    def strength(makers: int) -> float:
        others = [one for n in range(makers) for one in crowd(20, seed=n, maker=f"MAKER {n}")]
        pair = [seen("500001"), seen("500003", source="b")]
        found = of_kind(find_links([*crowd(20, seed=99), *others, *pair], least=-9), "near_serials")
        return max(
            one.log10_lr or 0.0 for one in found if {i.serial for i in one.items} == {"500001", "500003"}
        )

    few, many = strength(1), strength(49)
    assert few - many > 0.5
    once = log_corrected(3, 9, 50, 1e-4, 1)
    assert once - log_expected(3, 9, 50, 1e-4) == pytest.approx(math.log(3 * 2))
    assert log_corrected(3, 9, 50, 1e-4, 7) - once == pytest.approx(math.log(7))


def test_a_doubtful_reading_weighs_by_its_posterior_and_a_reviewer_s_by_its_own() -> None:
    def strength(*confidences: float) -> float:
        pair = [seen("505050", source=str(n), confidence=one) for n, one in enumerate(confidences)]
        links = of_kind(find_links([*crowd(100), *pair], least=-9), "same_item")
        return links[0].log10_lr or 0.0

    assert strength(0.99, 0.99) > strength(0.99, 0.3) > strength(0.1, 0.1) > 0
    assert doubted(5.0, 0.5) == pytest.approx(math.log10(0.5 * 10**5 + 0.5))
    assert doubted(5.0, 0.0) == 0.0


def test_few_numbers_of_a_maker_never_claim_much() -> None:
    links = of_kind(find_links([seen(str(400_000 + n), source=str(n)) for n in range(5)]), "near_serials")
    assert [one.log10_lr for one in links] == [FEW_CAP]
    assert "few others" in links[0].assumption and links[0].expected_by_chance is None


def test_a_rare_mark_links_and_a_common_one_does_not() -> None:
    rare, common = mark("importer", "INTERARMS ALEXANDRIA VA"), mark("importer", "CENTURY ARMS")
    items = [replace(one, marks=(common,)) for one in crowd(98)]
    links = find_links([*items, *(seen(None, source=str(n), marks=(rare,)) for n in range(2))])
    assert [(one.kind, one.what) for one in links] == [("same_importer", "INTERARMS ALEXANDRIA VA")]
    assert links[0].log10_lr == pytest.approx(math.log10(50), abs=0.01)


def test_a_factory_mark_that_every_item_of_its_maker_has_is_no_news() -> None:
    own = mark("factory_mark", "ARROW IN TRIANGLE")
    izhmash = [seen(str(10_001 + 7919 * n), maker="IZHMASH", marks=(own,)) for n in range(3)]
    assert of_kind(find_links([*(replace(one, marks=(mark("factory_mark", "66"),)) for one in crowd(90)),
                               *izhmash]), "same_factory_mark") == []  # fmt: skip


def test_one_photo_in_two_sources_is_one_observation() -> None:
    photo = (("x.jpg", "ab" * 32),)
    twice = [seen("505050", source=source, photos=photo) for source in "ab"]
    assert [one.kind for one in find_links([*crowd(50), *twice])] == ["same_photo"]


def test_what_is_undecided_in_a_number_is_no_number() -> None:
    assert number_of("12?4") is None and number_of("ABC") is None
    found = number_of("A12B003456C")
    assert found is not None and (found.shape, found.value) == (("A12B", 6, "C"), 3456)


def test_evidence_never_claims_more_than_its_p_value() -> None:
    for log_p in (-0.5, -3.0, -20.0, -2000.0):
        assert log10_evidence(log_p) < -log_p / math.log(10)
    assert log10_evidence(-20.0) > log10_evidence(-10.0) > 0


def test_runs_do_not_overlap_and_are_those_that_a_search_over_all_pairs_finds() -> None:
    chance = random.Random(3)
    numbers = sorted({*(chance.randrange(10**6) for _ in range(80)), *range(5000, 5040, 4), *range(70, 80)})
    found = runs(numbers, 6, 1)
    assert all(a.end <= b.start for a, b in pairwise(found))
    best = min(
        (log_corrected(j - i, numbers[j - 1] - numbers[i], len(numbers), run.density, 1), i, j)
        for run in found
        for i in range(run.start, run.end)
        for j in range(i + 2, run.end + 1)
    )
    strongest = min(
        (log_corrected(r.end - r.start, numbers[r.end - 1] - numbers[r.start], len(numbers), r.density, 1), r)
        for r in found
    )  # fmt: skip
    assert strongest[0] <= best[0] + 1e-9


HOSTILE = "</title><script>alert(1)</script>\"'&\u202e\x1b[31m{{7*77777}}"


def test_two_files_of_records_give_ndjson_with_the_photos_and_lines_of_each_link(
    command: Command, tmp_path: Path
) -> None:
    photos = some_records(tmp_path / "photos", 3)
    again = renamed(photos[0], "elsewhere/copy.jpg", sha256="ef" * 32)
    write_records(tmp_path / "one.ndjson", *photos, item_of("AK-1", photos[1:]))
    write_records(tmp_path / "two.ndjson", again)
    done = command("links", "one.ndjson", "two.ndjson")
    assert done.code == ExitCode.OK
    found = [json.loads(line) for line in done.out.splitlines()]
    same = next(one for one in found if one["kind"] == "same_item")
    assert same["sources"] == ["one.ndjson", "two.ndjson"]
    assert [one["where"] for one in same["items"]] == [
        [f"{photos[0].source.path}#L1"],
        ["elsewhere/copy.jpg#L1"],
    ]
    assert same["items"][0]["photos"] == [{"path": photos[0].source.path, "sha256": photos[0].source.sha256}]
    assert same["assumption"] and same["record"] == "link"
    assert command("links", "two.ndjson", "one.ndjson", "--least", "9", "-q").out == ""


def test_what_a_reviewer_read_wins_over_the_program(command: Command, tmp_path: Path) -> None:
    photos = some_records(tmp_path / "photos", 2)
    for name, record in zip(("a.case", "b.case"), photos, strict=True):
        write_case(tmp_path / name, [record])
    assert "same_item" not in command("links", "a.case", "b.case").out
    decide(tmp_path / "b.case", photos[1], "read", "AB1000")
    done = command("links", "a.case", "b.case", "--html", "links.html", "--format", "table")
    assert done.code == ExitCode.OK and "the same item" in done.out
    html = (tmp_path / "links.html").read_text("utf-8")
    assert html.count("<image ") == 2 and "reviewer" in html
    decide(tmp_path / "b.case", photos[1], "unreadable")
    assert "same_item" not in command("links", "a.case", "b.case").out


def test_a_case_that_was_changed_is_told_and_compared_all_the_same(command: Command, tmp_path: Path) -> None:
    photos = some_records(tmp_path / "photos", 2)
    write_case(tmp_path / "a.case", photos)
    with sqlite3.connect(tmp_path / "a.case") as database:
        database.execute("DELETE FROM entry WHERE rowid = (SELECT max(rowid) FROM entry)")
    done = command("links", "a.case", "--html", "links.html")
    assert done.code == ExitCode.VERIFY_FAILED
    assert "ATTENTION" in (tmp_path / "links.html").read_text("utf-8")


def test_bad_input_is_named_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    records = some_records(tmp_path / "photos", 1)
    write_records(tmp_path / "a.ndjson", *records)
    (tmp_path / "bad.ndjson").write_text("{}\n", encoding="utf-8")
    done = command("links", "a.ndjson", "bad.ndjson", "--html", "links.html")
    assert done.code == ExitCode.NO_INPUT and "bad.ndjson: holds no record" in done.err
    for least in ("nan", "inf"):
        assert command("links", "a.ndjson", "--least", least).code == ExitCode.USAGE
    # a broken line among others is named, left out, and nothing else is lost
    (tmp_path / "b.ndjson").write_bytes(b"{}\n" + (tmp_path / "a.ndjson").read_bytes())
    done = command("links", "b.ndjson")
    assert done.code == ExitCode.SOME_FAILED and "b.ndjson, line 1" in done.err and "1 item" in done.err
    assert command("links", "a.ndjson", "./a.ndjson").code == ExitCode.NO_INPUT
    assert command("links", "missing.ndjson").code == ExitCode.NO_INPUT
    assert not (tmp_path / "links.html").exists()
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    assert command("links", "a.ndjson", "--html", "there.html").code == ExitCode.OUTPUT
    assert (tmp_path / "there.html").read_text("utf-8") == "mine"


def test_networkx_reads_the_graphml_with_hostile_texts() -> None:
    rare = mark("importer", HOSTILE)
    items = [*crowd(90), *(seen(None, name=HOSTILE, source=HOSTILE, marks=(rare,)) for _ in range(2))]
    items = [replace(one, marks=one.marks or (mark("importer", "CENTURY"),)) for one in items]
    links = find_links(items)
    graph = networkx.parse_graphml(b"".join(graphml(items, links)).decode())
    kinds = {data["kind"] for _, data in graph.nodes(data=True) if data["type"] == "link"}
    assert kinds == {"same_importer"}
    node = next(name for name, data in graph.nodes(data=True) if data["type"] == "link")
    assert graph.nodes[node]["log10_lr"] == links[0].log10_lr and graph.degree[node] == 2
    assert "\\x1b[31m" in graph.nodes[node]["label"] and "<script>" in graph.nodes[node]["label"]


def test_the_page_runs_nothing_loads_nothing_and_escapes_what_it_quotes() -> None:
    rare = mark("importer", HOSTILE)
    items = [*crowd(60), *(seen(HOSTILE, source=HOSTILE, maker=HOSTILE, marks=(rare,)) for _ in range(2))]
    items = [replace(one, marks=one.marks or (mark("importer", "CENTURY"),)) for one in items]
    html = page(items, find_links(items), {}, HOSTILE, 1.0).decode()
    for bad in ("<script", "\x1b", "\u202e", "http:", "https:", " src=", "javascript:"):
        assert bad not in html
    assert "&lt;script&gt;" in html and "default-src &#39;none&#39;" in html
    svg = html[html.index("<svg") : html.index("</svg>") + 6]
    assert len(ElementTree.fromstring(svg).findall("g")) == 2


def test_the_drawing_is_the_same_each_time_apart_and_within_its_size() -> None:
    rare = [mark("importer", f"IMPORTER {number}") for number in range(30)]
    items = [replace(one, marks=(rare[n % 30], rare[n * 7 % 30])) for n, one in enumerate(crowd(160))]
    links = find_links(items)
    taken = chosen(links)
    assert taken
    drawing = draw(links, taken)
    assert drawing == draw(links, taken)
    spots = [(one.x, one.y) for one in (*drawing.items.values(), *drawing.links.values())]
    assert len(spots) == len(set(spots))
    assert all(0 < x < drawing.width and 0 < y < drawing.height for x, y in spots)
    assert {one.number for position in taken for one in links[position].items} == set(drawing.items)
    assert len(drawing.items) <= MOST_ITEMS


def test_the_order_of_sources_changes_no_strength() -> None:
    items = [*crowd(100), *(seen(str(400_000 + 2 * n), source=str(n)) for n in range(5)), seen("400004")]
    told = {(one.kind, one.log10_lr, frozenset(i.item for i in one.items)) for one in find_links(items)}
    back = find_links(items[::-1])
    assert told == {(one.kind, one.log10_lr, frozenset(i.item for i in one.items)) for one in back}
    assert msgspec.json.decode(msgspec.json.encode(back), type=list[Link]) == back


def a_register(folder: Path) -> Path:
    """1 000 rows: three of one consignee, ten of a lot, serials that stand twice or have another maker."""
    rows = [f"{100_000 + 7 * n},COLT,DEPOT {n % 2},,L{n}" for n in range(980)]
    rows += [f"{900_001 + n},Colt Defense LLC,=MINISTRY X,K-1," for n in range(3)]
    rows += [f"{910_001 + n},COLT,,,LOT 7" for n in range(10)]
    rows += ["920001,FN,FAR AWAY,,", "920002,FN,FAR AWAY,,"]
    rows += [f"93000{n},COLT,{who},," for n in (1, 2) for who in ("ONE", "TWO")]
    (folder / "stock.csv").write_text("serial,maker,consignee,contract,batch\n" + "\n".join(rows) + "\n")
    build([folder / "stock.csv"], folder / "stock.reg")
    return folder / "stock.reg"


def test_a_register_links_by_consignee_and_lot_as_rarely_as_its_rows_say(tmp_path: Path) -> None:
    items = [
        seen("900001"),
        seen("900003", source="b"),
        seen("910001"),
        seen("910004", source="b", maker=None),
    ]
    items += [seen("100000"), seen("100014", source="b"), seen("920001"), seen("920002", source="b")]
    items += [seen("930001"), seen("930002", source="b"), seen("900002", source="c", confidence=0.01)]
    with Register.open(a_register(tmp_path)) as register:
        found = of_kind(find_links(items, least=0.0, registers=[register]), "same_on_record")
    told = {one.what: (one.log10_lr, len(one.items)) for one in found}
    # DEPOT 0 is common; FN is not the maker that was read; two rows of one serial say different things.
    assert set(told) == {
        "consignee =MINISTRY X (stock.reg)", "contract K-1 (stock.reg)", "batch LOT 7 (stock.reg)",
        "consignee DEPOT 0 (stock.reg)",
    }  # fmt: skip
    rows = 980 + 3 + 2 + 4
    expected = doubted(math.log10(rows / 3), 0.99**2)
    assert told["consignee =MINISTRY X (stock.reg)"] == (round(expected, 2), 3)
    assert told["consignee DEPOT 0 (stock.reg)"][0] == pytest.approx(math.log10(rows / 490), abs=0.02)
    assert told["contract K-1 (stock.reg)"][0] == 0.0  # all rows with a contract have this one
    assert "3 of 989" in next(one.assumption for one in found if "MINISTRY" in one.what)


def test_links_with_a_register_stand_in_the_ledger_of_each_case(command: Command, tmp_path: Path) -> None:
    photos = some_records(tmp_path / "photos", 2)
    for name, record in zip(("a.case", "b.case"), photos, strict=True):
        write_case(tmp_path / name, [record])
    (tmp_path / "s.csv").write_text("serial,consignee\nAB1000,DEPOT 9\nAB1001,DEPOT 9\n" + "X1,Y\n" * 98)
    build([tmp_path / "s.csv"], tmp_path / "s.reg")
    words = (
        "links",
        "a.case",
        "b.case",
        "-r",
        "s.reg",
        "--graphml",
        "x.graphml",
        "--by",
        "A. Doe",
        "--badge",
        "7",
    )
    done = command(*words)
    assert done.code == ExitCode.OK, done.err
    assert "DEPOT 9" in done.out and done.err.count("The result is entry ") == 2
    for name in ("a.case", "b.case"):
        log = command("case", "log", name).out
        assert "links" in log and "A. Doe" in log
        assert command("case", "verify", name).code == ExitCode.OK
    assert command("links", "a.case", "-r", "a.case").code == ExitCode.NO_INPUT
    write_records(tmp_path / "r.ndjson", photos[0])
    assert command("links", "r.ndjson", "--by", "A. Doe").code == ExitCode.USAGE


def test_places_are_read_from_columns_facts_and_photos(tmp_path: Path) -> None:
    (record,) = some_records(tmp_path, 1)
    source = msgspec.structs.replace(record.source, gps=Gps(latitude=-1.5, longitude=36.8))
    part = Part("a.jpg", None, msgspec.structs.replace(record, source=source))

    def place(case: dict[str, str], *facts: tuple[str, str]) -> object:
        item = msgspec.structs.replace(item_of("AK-1", [record]), case=case)
        return place_of(Unit(1, item, (part,), (), facts=facts))

    photo = (-1.5, 36.8)
    assert place({"Latitude": "34.5", "Longitude": " 69.25 "}) == (34.5, 69.25)
    assert place({"lat": "34.5S", "lon": "69.25° w"}) == (-34.5, -69.25)
    assert place({"GPS coordinates": "34.5, -69.25"}) == (34.5, -69.25)
    assert place({"lat": "1"}, ("lon", "2")) == (1.0, 2.0)
    for odd in (
        {},
        {"lat": "95", "lon": "abc"},
        {"lat": "34.5E", "lon": "3"},
        {"gps": "nan, inf"},
        {"long": "12"},
    ):
        assert place(odd) == photo, odd
    assert place({"lat": "95", "lon": "10"}) is None  # a place that is not on earth is no other one


def test_a_map_and_geojson_only_where_places_are_asked_for(command: Command, tmp_path: Path) -> None:
    photos = some_records(tmp_path / "photos", 2)
    same = [msgspec.structs.replace(photos[0], source=photos[n].source) for n in range(2)]
    where = ({"lat": "12.3456", "lon": "-8.5", "place": HOSTILE}, {"lat": "11", "lon": "9"})
    for name, record, case in zip(("a.ndjson", "b.ndjson"), same, where, strict=True):
        item = msgspec.structs.replace(item_of(HOSTILE, [record]), case=case)
        write_records(tmp_path / name, record, item)
    done = command("links", "a.ndjson", "b.ndjson", "--html", "plain.html")
    assert done.code == ExitCode.OK, done.err
    assert "12.3456" not in done.out and "Natural Earth" not in (tmp_path / "plain.html").read_text("utf-8")
    assert command("links", "a.ndjson", "--geojson", "x.geojson").code == ExitCode.USAGE
    words = ("links", "a.ndjson", "b.ndjson", "--gps", "--html", "map.html", "--geojson", "map.geojson")
    assert command(*words).code == ExitCode.OK
    html = (tmp_path / "map.html").read_text("utf-8")
    svg = html[html.index('<svg class="map"') :]
    drawing = ElementTree.fromstring(svg[: svg.index("</svg>") + 6])
    wide, tall = float(drawing.attrib["width"]), float(drawing.attrib["height"])
    dots = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in drawing.findall("circle")]
    assert len(dots) == 2 and all(0 < x < wide and 0 < y < tall for x, y in dots)
    assert dots[0][0] != dots[1][0] and len(drawing.findall("path")) == 2  # land, and the link
    told = json.loads((tmp_path / "map.geojson").read_text("utf-8"))
    points = {
        tuple(one["geometry"]["coordinates"])
        for one in told["features"]
        if one["properties"]["record"] == "item"
    }
    assert points == {(-8.5, 12.3456), (9.0, 11.0)}
    link = next(one for one in told["features"] if one["properties"]["record"] == "link")
    assert link["geometry"] == {"type": "MultiPoint", "coordinates": [[-8.5, 12.3456], [9.0, 11.0]]}
    assert link["properties"]["kind"] == "same_item" and link["properties"]["items"] == [1, 2]


@pytest.mark.parametrize("at", [(0.0, 0.0), (89.9, 179.9), (-90.0, -180.0), (71.0, 25.0)])
def test_a_map_can_be_drawn_anywhere_on_earth(at: tuple[float, float]) -> None:
    items = [seen("400001", place=at), seen("400001", source="b", place=(-at[0], at[1] / 2)), *crowd(60)]
    links = find_links(items)
    html = page(items, links, {}, "", 1.0).decode()
    svg = html[html.index('<svg class="map"') :]
    drawing = ElementTree.fromstring(svg[: svg.index("</svg>") + 6])
    assert 0 < float(drawing.attrib["width"]) < 1500 and 0 < float(drawing.attrib["height"]) < 800
    assert b"".join(geojson(items, links)).count(b'"Point"') >= 2
