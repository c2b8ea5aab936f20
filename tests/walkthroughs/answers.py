"""Compares an answer that a document shows with what a command printed.

Ids, times and secrets differ from run to run. A shown one stands for any other of its kind, but for the same one wherever the
document shows it again: two different shown ids must be two different printed ones. `…` stands for anything that is left out:
inside a text, as a member of an object, as an element of an array, as a value, or as a line.
"""
from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

GAP = "…"
# Members and headers whose numbers are durations.
DURATIONS = {"durationMs", "retry-after"}

_ULID = "[0-9A-HJKMNP-TV-Z]"
# Kind, how it is shown (in full, or shortened by …), how it is printed, and whether one shown value is one printed value.
_VOLATILE = [
    ("id", rf"[a-z]{{2,5}}_(?:{_ULID}{{26}}|{_ULID}{{2,25}}{GAP})", rf"[a-z]{{2,5}}_{_ULID}{{26}}", True),
    ("ctx", r"c1\.\w+\.[\w-]{20,}\.[\w-]{22}", r"c1\.\w+\.[\w-]{20,}\.[\w-]{22}", True),
    ("webhook secret", r"whsec_[A-Za-z0-9+/]{43}=", r"whsec_[A-Za-z0-9+/]{43}=", True),
    ("access token", r"patv1_\w{16}\.[\w-]{43}", r"patv1_\w{16}\.[\w-]{43}", True),
    ("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", False),
    ("time", r"\b\d\d:\d\d:\d\d\.\d{3}\b", r"\d\d:\d\d:\d\d\.\d{3}", False),
    ("day", r"\b20\d\d-[01]\d-[0-3]\d\b", r"20\d\d-[01]\d-[0-3]\d", False),
    ("day", r"\b20\d\d[01]\d[0-3]\d\b", r"20\d\d[01]\d[0-3]\d", False),
]
_SHOWN = re.compile("|".join(f"({shown})" for _, shown, _, _ in _VOLATILE) + f"|({GAP})")


@dataclass
class Names:
    """Which printed id each shown id stands for, in one document."""

    printed_by_shown: dict[str, str] = field(default_factory=dict)
    shown_by_printed: dict[str, str] = field(default_factory=dict)

    def agree(self, shown: str, printed: str) -> bool:
        """Whether the shown id can stand for this printed one; from now on it does."""
        if self.printed_by_shown.get(shown, printed) != printed or self.shown_by_printed.get(printed, shown) != shown:
            return False
        self.printed_by_shown[shown] = printed
        self.shown_by_printed[printed] = shown
        return True


@dataclass
class Mismatch(Exception):
    """Where and how shown and printed differ."""

    where: str
    shown: str
    printed: str

    def __str__(self) -> str:
        return f"at {self.where}\n  shown:   {self.shown}\n  printed: {self.printed}"


# --- texts


def _pattern(shown: str) -> tuple[str, list[str]]:
    """A regular expression for what may be printed, and the shown ids its groups stand for."""
    pattern, names, end = "", [], 0
    for found in _SHOWN.finditer(shown):
        pattern += re.escape(shown[end : found.start()])
        end = found.end()
        if found.lastindex == len(_VOLATILE) + 1:
            pattern += "[^\n]*?"
            continue
        _, _, printed, is_named = _VOLATILE[found.lastindex - 1]
        if is_named:
            # An id's prefix is not volatile: a shown click is not a printed conversion.
            prefix = re.match(r"[a-z]+_", found.group()) if found.lastindex == 1 else None
            printed = printed if prefix is None else prefix.group() + _ULID + "{26}"
            names.append(found.group())
            pattern += f"({printed})"
        else:
            pattern += printed
    return pattern + re.escape(shown[end:]), names


def match_text(shown: str, printed: str, names: Names, where: str) -> None:
    """Compares one line or one string."""
    pattern, shown_names = _pattern(shown)
    found = re.fullmatch(pattern, printed)
    if not found:
        raise Mismatch(where, shown, printed)
    for shown_name, printed_name in zip(shown_names, found.groups()):
        if not names.agree(shown_name, printed_name):
            meant = names.printed_by_shown.get(shown_name)
            other = f"which stands for {meant}" if meant else f"but {printed_name} was shown as {names.shown_by_printed[printed_name]}"
            raise Mismatch(where, f"{shown_name}, {other}", printed_name)


def match_lines(shown: str, printed: str, names: Names, in_any_order: bool = False) -> None:
    """Compares line by line; a line of only `…` stands for any lines."""
    wanted, lines = shown.rstrip("\n").split("\n"), [line.rstrip("\r") for line in printed.rstrip("\n").split("\n")]
    if in_any_order:
        wanted, lines = _paired(wanted, lines)
    place = 0
    for index, line in enumerate(wanted):
        if line.strip() == GAP:
            rest = [later for later in wanted[index + 1 :]]
            if not rest:
                return
            following = (at for at in range(place, len(lines)) if _fits(rest[0], lines[at]))
            place = next(following, len(lines))
            continue
        if place >= len(lines):
            raise Mismatch(f"line {index + 1}", line, "nothing more")
        try:
            match_text(line, lines[place], names, f"line {index + 1}")
        except Mismatch as mismatch:
            raise Mismatch(mismatch.where, mismatch.shown, mismatch.printed + "\n" + _difference(wanted, lines)) from None
        place += 1
    if place < len(lines):
        raise Mismatch("the end", "nothing more", "\n".join(lines[place:]))


def _fits(shown: str, printed: str) -> bool:
    return re.fullmatch(_pattern(shown)[0], printed) is not None


def _paired(wanted: list[str], lines: list[str]) -> tuple[list[str], list[str]]:
    """The printed lines in the order in which they are shown, as far as they fit."""
    left, ordered = list(lines), []
    for line in wanted:
        if line.strip() == GAP:
            continue
        at = next((at for at, printed in enumerate(left) if _fits(line, printed)), None)
        if at is not None:
            ordered.append(left.pop(at))
    has_gap = any(line.strip() == GAP for line in wanted)
    return [line for line in wanted if line.strip() != GAP], ordered + ([] if has_gap else left)


def _difference(shown: list[str], printed: list[str]) -> str:
    def plain(line: str) -> str:
        return _SHOWN.sub(lambda found: GAP if found.group() == GAP else f"<{_VOLATILE[found.lastindex - 1][0]}>", line)

    lines = difflib.unified_diff([plain(line) for line in shown], [plain(line) for line in printed], "shown", "printed", lineterm="")
    return "\n".join(lines)


# --- JSON


@dataclass(frozen=True)
class Number:
    """A JSON number by its digits: 24.90 is not 24.9."""

    digits: str


class Gap:
    """`…` in a shown answer."""


_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}\[\],:]|…))', re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def read_json(text: str) -> list[object]:
    """The JSON values of a text, one after the other. Objects are lists of pairs, in their order."""
    return _Reader(text).values()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, place = text, [], 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                raise ValueError(f"no JSON: {text[place:place + 200].strip()}")
            self.tokens.append(found.groups())
            place = found.end()
        self.next = 0

    def values(self) -> list[object]:
        values = []
        while self.next < len(self.tokens):
            values.append(self._value())
        return values

    def _mark(self) -> str | None:
        return self.tokens[self.next][3] if self.next < len(self.tokens) else None

    def _take(self, mark: str) -> None:
        if self._mark() != mark:
            raise ValueError(f"no JSON: {mark} is missing in {self.text.strip()[:200]}")
        self.next += 1

    def _value(self) -> object:
        if self.next >= len(self.tokens):
            raise ValueError("no JSON: it ends in the middle")
        string, number, word, mark = self.tokens[self.next]
        self.next += 1
        if string is not None:
            return _unescaped(string)
        if number is not None:
            return Number(number)
        if word is not None:
            return {"true": True, "false": False, "null": None}[word]
        if mark == GAP:
            return Gap()
        if mark == "[":
            return self._items("]", self._value)
        if mark == "{":
            return {"members": self._items("}", self._member)}
        raise ValueError(f"no JSON: unexpected {mark}")

    def _items(self, end: str, item) -> list:
        items = []
        while self._mark() != end:
            if items:
                self._take(",")
            items.append(item())
        self._take(end)
        return items

    def _member(self) -> tuple[str, object] | Gap:
        if self._mark() == GAP:
            self.next += 1
            return Gap()
        name = self._value()
        if not isinstance(name, str):
            raise ValueError("no JSON: a member without a name")
        self._take(":")
        return name, self._value()


def _unescaped(quoted: str) -> str:
    def one(found: re.Match) -> str:
        mark = found.group(1)
        return chr(int(mark[1:], 16)) if mark[0] == "u" and len(mark) == 5 else _ESCAPES.get(mark, mark)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, quoted[1:-1])


def write_json(value: object) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(GAP if isinstance(m, Gap) else f'"{m[0]}": {write_json(m[1])}' for m in value["members"]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(write_json(item) for item in value) + "]"
    if isinstance(value, Gap):
        return GAP
    if isinstance(value, Number):
        return value.digits
    if isinstance(value, str):
        return f'"{value}"'
    return {True: "true", False: "false", None: "null"}[value]


def match_json(shown: str, printed: str, names: Names) -> None:
    """Compares all JSON values of both texts."""
    try:
        values = read_json(printed)
    except ValueError:
        raise Mismatch("the start", "JSON", printed.strip()) from None
    _match_list(read_json(shown), values, names, "answer")


def _match(shown: object, printed: object, names: Names, where: str) -> None:
    if isinstance(shown, Gap):
        return
    if isinstance(shown, str) and isinstance(printed, str):
        match_text(shown, printed, names, where)
    elif isinstance(shown, dict) and isinstance(printed, dict):
        _match_members(shown["members"], printed["members"], names, where)
    elif isinstance(shown, list) and isinstance(printed, list):
        _match_list(shown, printed, names, where)
    elif isinstance(shown, Number) and isinstance(printed, Number) and where.rpartition(".")[2] in DURATIONS:
        return
    elif type(shown) is not type(printed) or shown != printed:
        raise Mismatch(where, write_json(shown), write_json(printed))


def _match_members(shown: list, printed: list, names: Names, where: str) -> None:
    """Members in the order shown; only where `…` stands may others be left out."""
    place, may_skip = 0, False
    for member in shown:
        if isinstance(member, Gap):
            may_skip = True
            continue
        name, value = member
        at = next((at for at in range(place, len(printed)) if printed[at][0] == name), None)
        if at is None:
            raise Mismatch(where, f'"{name}"', "no such member here; there are " + ", ".join(f'"{name}"' for name, _ in printed))
        if at > place and not may_skip:
            raise Mismatch(where, f'"{name}" next', f'"{printed[place][0]}" next')
        _match(value, printed[at][1], names, f"{where}.{name}")
        place, may_skip = at + 1, False
    if place < len(printed) and not may_skip:
        raise Mismatch(where, "nothing more", ", ".join(f'"{name}"' for name, _ in printed[place:]))


def _match_list(shown: list, printed: list, names: Names, where: str) -> None:
    """Elements in the order shown; `…` stands for any number of others."""
    place = 0
    for index, value in enumerate(shown):
        if isinstance(value, Gap):
            left = sum(not isinstance(later, Gap) for later in shown[index + 1 :])
            if left == 0:
                return
            place = _place_of(shown[index + 1], printed, place, names, where)
            continue
        if place >= len(printed):
            raise Mismatch(f"{where}[{place}]", write_json(value), "nothing more")
        _match(value, printed[place], names, where if len(shown) == len(printed) == 1 and where == "answer" else f"{where}[{place}]")
        place += 1
    if place < len(printed):
        raise Mismatch(f"{where}[{place}]", "nothing more", write_json(printed[place]))


def _place_of(shown: object, printed: list, start: int, names: Names, where: str) -> int:
    for at in range(start, len(printed)):
        trial = Names(dict(names.printed_by_shown), dict(names.shown_by_printed))
        try:
            _match(shown, printed[at], trial, where)
        except Mismatch:
            continue
        return at
    raise Mismatch(where, write_json(shown), "none of " + ", ".join(write_json(value) for value in printed[start:]))


# --- HTTP


def match_http(shown: str, printed: str, names: Names) -> None:
    """Compares status line, the headers that are shown, and the body if one is shown."""
    shown_head, _, shown_body = shown.partition("\n\n")
    head, _, body = printed.replace("\r\n", "\n").partition("\n\n")
    shown_lines, lines = shown_head.strip().split("\n"), head.strip().split("\n")
    match_text(shown_lines[0].strip(), lines[0].strip(), names, "the status line")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    for line in shown_lines[1:]:
        if line.strip() == GAP:
            continue
        name, _, value = (part.strip() for part in line.partition(":"))
        if name.lower() not in headers:
            raise Mismatch(f"header {name}", value, "no such header; there are " + ", ".join(headers))
        if name.lower() in DURATIONS and value.isdigit() and headers[name.lower()].isdigit():
            continue
        match_text(value, headers[name.lower()], names, f"header {name}")
    if shown_body.strip():
        is_json = shown_body.lstrip()[0] in "{["
        (match_json if is_json else match_lines)(shown_body, body, names)


def match(language: str, shown: str, printed: str, names: Names, in_any_order: bool = False) -> None:
    """Compares a shown block of this language with what was printed.

    Raises Mismatch; names keep only what a matching answer taught.
    """
    trial = Names(dict(names.printed_by_shown), dict(names.shown_by_printed))
    if language == "json":
        match_json(shown, printed, trial)
    elif language == "http":
        match_http(shown, printed, trial)
    else:
        match_lines(shown, printed, trial, in_any_order)
    names.printed_by_shown.update(trial.printed_by_shown)
    names.shown_by_printed.update(trial.shown_by_printed)
