"""What adapters have in common: how texts are measured, what files are, what is read of what is posted, how several
files are sent, and how trouble is told."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import (
    BadOptions,
    Busy,
    File,
    FileKind,
    Malformed,
    Troubles,
    Uncertain,
    cut,
    each,
    examine_address,
    kind_of,
    maybe_object,
    maybe_objects,
    one_by_one,
    read_files,
    read_id,
    utf16,
    wanted_object,
    wanted_text,
)


def test_texts_are_measured_and_cut_in_utf16_units() -> None:
    assert utf16("aä€😀") == 5
    assert cut("😀" * 3, 6) == "😀" * 3
    assert cut("😀" * 3, 5) == "😀😀…"
    assert cut("a😀😀", 4) == "a😀…"
    assert utf16(cut("\ud83d" * 9, 4)) <= 4


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/svg+xml", "photo"),
        ("video/mp4", "video"),
        ("audio/ogg", "audio"),
        ("application/pdf", "document"),
        ("images", "document"),
        ("", "document"),
    ],
)
def test_a_file_is_what_its_media_type_says(mime: str, kind: FileKind) -> None:
    assert kind_of(mime) == kind


def test_a_location_goes_from_one_platform_to_another_as_a_point_and_as_a_link() -> None:
    file = File.located(60.1699, -24.9384, "Station")
    assert (file.kind, file.ref, file.name) == ("location", "60.169900,-24.938400", "Station")
    assert file.text == "https://www.openstreetmap.org/?mlat=60.169900&mlon=-24.938400"
    assert file.point == (60.1699, -24.9384)


def test_a_secret_may_be_several() -> None:
    assert each("one") == ("one",)
    assert each(("new", "old")) == ("new", "old")
    assert each(()) == ()


@pytest.mark.parametrize("address", ["", "example.org", "ftp://example.org", " https://example.org"])
def test_an_address_that_cannot_be_called_names_its_option(address: str) -> None:
    with pytest.raises(BadOptions) as error:
        examine_address("api_base", address)
    assert error.value.key == "api_base"
    examine_address("api_base", "https://example.org")


# --- fields of what is posted --------------------------------------------------------------------------------


def test_a_field_that_is_wanted_is_named_by_where_it_stands() -> None:
    with pytest.raises(Malformed, match=r"^name: a text is wanted$"):
        wanted_text({"name": ""}, "name")
    with pytest.raises(Malformed, match=r"^event\.sender: an object is wanted$"):
        wanted_object({"sender": []}, "sender", "event")


def test_a_field_that_nothing_depends_on_may_be_anything() -> None:
    for value in (None, 7, True, [7], "x"):
        assert maybe_object({"field": value}, "field") == {}
        assert maybe_objects({"field": value}, "field") == []
    assert maybe_objects({"field": [7, {"id": 1}, None, {}]}, "field") == [{"id": 1}, {}]


# --- several files, several troubles -------------------------------------------------------------------------


async def test_files_that_follow_a_failed_one_are_not_sent() -> None:
    sent: list[str] = []

    async def send(file: str) -> str:
        sent.append(file)
        if file == "broken":
            raise Busy("too many", 5.0)
        return f"id-{file}"

    assert await one_by_one(["a", "b"], send) == "id-a"
    with pytest.raises(Uncertain, match=r"^only 1 of 3 files were sent: too many$"):
        await one_by_one(["c", "broken", "d"], send)
    with pytest.raises(Busy):
        await one_by_one(["broken", "d"], send)
    assert sent == ["a", "b", "c", "broken", "broken"]


def test_trouble_is_told_as_one_text_and_when_it_changes() -> None:
    told: list[str] = []
    troubles = Troubles(told.append)
    troubles.report("sending", "")
    troubles.report("sending", "no token")
    troubles.report("sending", "no token")
    troubles.report("room", "closed")
    troubles.report("sending", "")
    troubles.repeat()
    assert told == ["no token", "no token; closed", "closed", "closed"]


def test_trouble_may_be_named() -> None:
    told: list[str] = []
    troubles = Troubles(told.append, named=True)
    troubles.report("the room", "closed")
    troubles.report("the room", "")
    assert told == ["the room: closed", ""]


# --- what browsers post --------------------------------------------------------------------------------------


def posted(**row: Any) -> dict[str, Any]:
    return {"files": [{"ref": "box/1", **row}]}


def test_files_of_the_own_box_are_taken_with_what_is_said_of_them() -> None:
    data = posted(name="plan.pdf" + "x" * 300, mime="application/pdf", size=0)
    assert read_files(data, "box") == (
        File("document", "box/1", ("plan.pdf" + "x" * 300)[:200], "application/pdf", 0),
    )
    assert read_files({}, "box") == read_files({"files": None}, "box") == ()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"files": "box/1"}, "files"),
        ({"files": [{"ref": "box/1"}] * 11}, "files"),
        ({"files": ["box/1"]}, "files.0"),
        ({"files": [{"ref": "box/1"}, {"ref": "other/1"}]}, "files.1.ref"),
        ({"files": [{"ref": "boxes/1"}]}, "files.0.ref"),
        ({"files": [{}]}, "files.0.ref"),
        (posted(size=-1), "files.0.size"),
        (posted(size=True), "files.0.size"),
        (posted(size=1.5), "files.0.size"),
        (posted(size=2**53), "files.0.size"),
        (posted(name=1), "name"),
    ],
)
def test_what_is_no_file_of_the_own_box_is_refused_by_its_name(data: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as error:
        read_files(data, "box")
    assert str(error.value).startswith(f"{field}: ")


@pytest.mark.parametrize("name", ["", "short", "x" * 65, "with space", "späceless", "a_b_c_d_e"])
def test_a_name_that_could_confuse_others_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match=r"^id: "):
        read_id({"id": name})
    assert read_id({"id": "0b5c1f-Aa"}) == "0b5c1f-Aa"
