"""Item identifiers: messages of ISO/IEC 15434, UII of MIL-STD-130N, CAGE and stock numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from serialscan.marking.iuid import cage_of, is_cage, parse_message, parse_nsn, serial_of, with_message
from serialscan.record import Code

VECTORS = json.loads((Path(__file__).parent / "data" / "iuid.json").read_text("utf-8"))
RS, GS, EOT = "\x1e", "\x1d", "\x04"
PIECES = st.sampled_from([RS, GS, EOT, "[)>", "06", "12", "DD", "05", "<GS>", "|", "17V1ABC5", "1P12", "SW1",
                          "CAG 1ABC5", "SER 12", "25SD1ABC5W1", "\ufffd", "é", "<", "^"])  # fmt: skip


def code(content: str | bytes) -> Code:
    data = content.encode() if isinstance(content, str) else content
    return with_message(Code(id="C1", symbology="DataMatrix", text="", bytes_hex=data.hex(), polygon=()))


def message(*fields: str, form: str = "06") -> str:
    return f"[)>{RS}{form}{GS}{GS.join(fields)}{RS}{EOT}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    parsed = parse_message(vector["content"])
    assert parsed is not None
    assert parsed.envelope_ok is vector["envelope_ok"]
    assert parsed.format == vector["format"]
    assert [[qualifier, value] for qualifier, value, _ in parsed.fields] == vector["fields"]
    assert (parsed.construct, parsed.uii) == (vector["construct"], vector["uii"])
    assert list(parsed.errors) == vector["errors"]


def test_a_code_gets_uii_fields_and_errors_and_keeps_its_bytes() -> None:
    raw = message("17V1ABC5", "1P12002820", "SW123456").encode()
    filled = code(raw)
    assert filled.bytes_hex == raw.hex()
    assert (filled.uii, filled.errors, filled.envelope_ok) == ("D1ABC512002820W123456", (), True)
    assert filled.fields[2] == {"qualifier": "S", "value": "W123456", "name": "serial"}
    assert (serial_of(filled), cage_of(filled)) == ("W123456", "1ABC5")


@pytest.mark.parametrize("content", ["W123456", "https://example.org/?a=b|c", "", "S/N 12345"])
def test_other_codes_are_left_alone(content: str) -> None:
    assert code(content) == Code(
        id="C1", symbology="DataMatrix", text="", bytes_hex=content.encode().hex(), polygon=()
    )


@pytest.mark.parametrize(
    ("content", "serial"),
    [
        (message("CAG 1ABC5", "SER 00123", form="12"), "00123"),
        (message("18S1ABC5W123456"), "W123456"),
        (message("25SD1ABC5W123456"), "W123456"),
        (message("USN 1ABC5X9", form="DD"), "X9"),
        (message("1P12002820", "S0042"), "0042"),  # no UII, yet a serial
        (message("S1", "S2"), None),
        (message("1P12002820"), None),
    ],
)
def test_the_serial_that_a_code_names(content: str, serial: str | None) -> None:
    assert serial_of(code(content)) == serial


def test_a_legacy_label_names_no_maker() -> None:
    """The unit that printed a label stands in 7L: taking it for the maker would accuse the wrong one."""
    assert cage_of(code(message("7LW123AB", "1P9349000", "S987654"))) is None


def test_written_separators_are_understood_and_said() -> None:
    plain = parse_message(message("17V1ABC5", "1P12", "SW1"))
    assert plain is not None
    for gs, rs, eot in (("<GS>", "<RS>", "<EOT>"), ("␝", "␞", "␄"), ("^]", "^^", ""), ("|", RS, EOT)):
        written = message("17V1ABC5", "1P12", "SW1").replace(GS, gs).replace(RS, rs).replace(EOT, eot)
        parsed = parse_message(written)
        assert parsed is not None
        assert (parsed.fields, parsed.uii, parsed.envelope_ok) == (plain.fields, plain.uii, False), written


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (("17V1ABO5", "1P12", "S1"), "cage_shape"),
        (("17VABC", "1P12", "S1"), "cage_shape"),
        (("12V12345", "1P12", "S1"), "duns_shape"),
        (("7LW1", "1P12", "S1"), "dodaac_shape"),
        (("17V1ABC5", "1P12", "Sab 1"), "characters"),
        (("17V1ABC5", "1P12", "S-1"), "edge_character"),
        (("17V1ABC5", "1P12", "S" + "1" * 31), "too_long"),
        (("17V1ABC5", "1P12", "1T7", "S1"), "part_and_lot"),
        (("17V1ABC5", "1P12", "S1", "S2"), "repeated_field"),
        (("17V1ABC5", "1P12", "S1", "25SD1ABC5XX"), "uii_mismatch"),
        (("17V1ABC5", "1P12", "S1", "?"), "no_qualifier"),
    ],
)
def test_what_is_wrong_is_named_and_the_fields_stay(fields: tuple[str, ...], error: str) -> None:
    parsed = parse_message(message(*fields))
    assert parsed is not None
    assert error in parsed.errors
    assert [qualifier + value for qualifier, value, _ in parsed.fields] == list(fields)


def test_two_serials_give_no_uii() -> None:
    parsed = parse_message(message("17V1ABC5", "1P12", "S1", "S2"))
    assert parsed is not None and parsed.uii is None


def test_a_message_of_two_formats_and_an_unknown_format() -> None:
    both = parse_message(f"[)>{RS}06{GS}17V1ABC5{RS}06{GS}1P12{GS}SW1{RS}{EOT}")
    assert both is not None and both.uii == "D1ABC512W1"
    odd = parse_message(f"[)>{RS}03{GS}11V69061{RS}{EOT}")
    assert odd is not None and odd.uii is None
    assert "unknown_format" in odd.errors and odd.fields[0][1] == "11V69061"


def test_a_giai_is_an_identifier_of_its_own() -> None:
    parsed = parse_message(message("80041234567ABC", form="05"))
    assert parsed is not None and (parsed.uii, parsed.construct) == ("1234567ABC", None)


@pytest.mark.parametrize("cage", ["27340", "2A345", "2AA45", "2AAA5", "AA123", "3AAAA", "1234K", "K2345"])
def test_cage_shapes(cage: str) -> None:
    assert is_cage(cage)


@pytest.mark.parametrize("text", ["2I345", "2O345", "1234O", "OA123", "SAAAA", "2734", "273401", "27-40", ""])
def test_what_is_no_cage(text: str) -> None:
    assert not is_cage(text)


def test_stock_numbers() -> None:
    for text in ("1005-01-127-7510", "1005011277510", "1005 01 127 7510"):
        nsn = parse_nsn(text)
        assert nsn is not None
        assert (str(nsn), nsn.niin, nsn.country) == ("1005-01-127-7510", "011277510", "01")
    for text in ("5855-DS-THR-MSIG", "100501127751", "1005-01-127-75100", ""):
        assert parse_nsn(text) is None


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parsed = parse_message(text)
    if parsed is not None:
        assert (parsed.uii is None) == ("not_a_uii" in parsed.errors)
        assert parsed.uii is None or set(parsed.uii) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/")
        assert not parsed.envelope_ok or text.startswith("[)>")


@given(st.binary(max_size=200))
def test_any_bytes_leave_a_code_whole(data: bytes) -> None:
    filled = code(data)
    assert filled.bytes_hex == data.hex()
    serial_of(filled)
    cage_of(filled)


@pytest.mark.parametrize("piece", ["<", "<GS>", GS, "[)>", "^", RS + "06", "SER ", GS + "S1", "9", "{" * 3])
def test_hostile_content_takes_no_more_than_linear_time(piece: str) -> None:
    assert_linear(lambda text: parse_message("[)>" + RS + "06" + GS + text), piece, 25_000)
