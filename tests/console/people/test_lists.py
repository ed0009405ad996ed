"""Lists that are taken in: what each line holds, by the number the api gives it."""

from ovia_console.imports.lists import _texts


def test_a_line_is_found_by_its_number_whatever_parts_its_cells() -> None:
    assert _texts(b"name;email\nAnn Lee;ann@b.example\n")[2] == "Ann Lee · ann@b.example"
    assert _texts("name\temail\nAnn\ta@b.example\n".encode("utf-16"))[2] == "Ann · a@b.example"
    assert _texts(b"\xef\xbb\xbfname,email\nAnn,\n") == {1: "name · email", 2: "Ann"}


def test_a_cell_of_several_lines_does_not_shift_the_numbers_behind_it() -> None:
    assert _texts(b'name,alias\n"Ann\nLee",x\nBo,y\n') == {1: "name · alias", 2: "Ann\nLee · x", 4: "Bo · y"}


def test_an_empty_file_has_no_lines() -> None:
    assert _texts(b"") == {}
