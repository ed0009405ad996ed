"""A text put together line by line, the way a page reads: blanks folded, blocks apart, code as it stands."""

MOST_INDENTED = 6
CODE_INDENT = "    "


class Lines:
    """What has been written so far. A line that begins with `#` is a heading, and nothing else begins so."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._opening = ""
        self._space = False
        self._code = False
        self.words = 0

    def begin(self, opening: str) -> None:
        """The next words stand on a line of their own, behind `opening`."""
        self.end()
        self._opening = opening

    def begin_code(self) -> None:
        """What follows is indented, so that no `# comment` passes for a heading."""
        self.end()
        self._code = True

    def write(self, text: str) -> None:
        """Words inside a line; any run of white space is one blank."""
        words = text.split()
        if not words:
            self._space = self._space or bool(text)
            return
        if self._line and not self._line[-1].endswith(" ") and (self._space or text[0].isspace()):
            self._line.append(" ")
        self._line.append(" ".join(words))
        self._space = text[-1].isspace()
        self.words += len(words)

    def keep(self, text: str) -> None:
        """Text whose blanks and line ends mean something."""
        # With a mark at the end, splitlines tells whether the last line was ended.
        pieces = f"{text}.".splitlines()
        pieces[-1] = pieces[-1][:-1]
        self._line.append(pieces[0])
        for piece in pieces[1:]:
            self._finish()
            self._line.append(piece)
        self.words += bool(text.strip())

    def separate(self) -> None:
        """A bar between two cells of a row."""
        self._line.append(" | " if self._line else "| ")
        self._space = False

    def space(self) -> None:
        """A blank, if more words follow on this line."""
        self._space = True

    def pause(self) -> None:
        """Ends the line, if there are words on it; one that was only opened stays open."""
        self._finish()
        self._space = False

    def end(self) -> None:
        """Ends the line, if there is one, and what was opened with it."""
        self._finish()
        self._opening, self._space, self._code = "", False, False

    def text(self) -> str:
        """All lines; ends the last one."""
        self.end()
        return "\n".join(self._lines)

    def _finish(self) -> None:
        line = "".join(self._line).rstrip()
        self._line.clear()
        if not line.strip() or not (self._code or line.strip(" |")):
            return
        if self._code:
            # Who strips the text takes the indent of its first line along.
            exposed = not self._lines and line.lstrip().startswith("#")
            line = CODE_INDENT + ("\\" + line.lstrip() if exposed else line)
        elif not self._opening and line.startswith("#"):
            line = "\\" + line
        self._lines.append(self._opening + line)
        self._opening = ""
