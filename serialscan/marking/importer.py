"""What an import mark says: name, city, state, country and year of the importer.

A mark on a weapon imported to the USA gives name, city and state (27 CFR 478.92), often without a comma; the
Firearms Protocol asks for country and year. Parts are told apart by commas, states, countries and years only:
where nothing parts a name from its city, they stay one, in the name.
"""

from __future__ import annotations

import re

from serialscan.marking.knowledge import Knowledge
from serialscan.marking.words import READ_CHARS, finder_of, tokens
from serialscan.record import Importer

# Two-letter codes and the abbreviations before them: USPS Publication 28, appendix B; GPO Style Manual.
_STATES = {
    "AL": "ALA", "AK": "", "AZ": "ARIZ", "AR": "ARK", "CA": "CALIF", "CO": "COLO", "CT": "CONN", "DE": "DEL",
    "DC": "", "FL": "FLA", "GA": "", "HI": "", "ID": "", "IL": "ILL", "IN": "IND", "IA": "", "KS": "KANS",
    "KY": "", "LA": "", "ME": "", "MD": "", "MA": "MASS", "MI": "MICH", "MN": "MINN", "MS": "MISS",
    "MO": "", "MT": "MONT", "NE": "NEBR", "NV": "NEV", "NH": "", "NJ": "", "NM": "", "NY": "", "NC": "",
    "ND": "", "OH": "", "OK": "OKLA", "OR": "OREG", "PA": "", "PR": "", "RI": "", "SC": "", "SD": "",
    "TN": "TENN", "TX": "TEX", "UT": "", "VT": "", "VA": "", "WA": "WASH", "WV": "", "WI": "WIS", "WY": "WYO",
}  # fmt: skip
_STATE_OF = {written: code for code, short in _STATES.items() for written in (code, short) if written}
# Company and Industries: states only behind a comma.
_COMPANY = frozenset({"CO", "IND"})
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_STOP = " .,;:-/"


def importer_of(text: str, knowledge: Knowledge) -> Importer:
    """The parts of what stands behind IMPORTED BY.

    Args:
        text: as read, without the label.
        knowledge: for the names of countries.
    """
    finder = finder_of(knowledge)
    left = text[:READ_CHARS]
    year: str | None = None
    country: str | None = None
    state: str | None = None
    while len(words := tokens(left)) > 1:
        # The last words together: U.S.A. and N.Y. are three and two.
        tails = {n: "".join(word.text for word in words[-n:]) for n in (1, 2, 3) if n < len(words)}
        of_country = next(
            (
                (n, word.row)
                for n, tail in tails.items()
                for word in finder.named(tail)
                if word.table == "country"
            ),
            None,
        )
        of_state = next(
            (
                n
                for n, tail in tails.items()
                if tail in _STATE_OF
                and (tail not in _COMPANY or left[: words[-n].start].rstrip().endswith(","))
            ),
            0,
        )
        if year is None and _YEAR.fullmatch(tails[1]):
            year, taken = tails[1], 1
        elif country is None and state is None and of_country:
            taken, country = of_country
        elif state is None and of_state:
            state, taken = _STATE_OF[tails[of_state]], of_state
        else:
            break
        left = left[: words[-taken].start].rstrip(_STOP)
    name, comma, city = left.rpartition(",")
    if not comma or not any(char.isalpha() for char in city):
        name, city = left, ""
    return Importer(
        name=name.strip(_STOP) or left,
        city=city.strip(_STOP) or None,
        state=state,
        country=country,
        year=year,
    )
