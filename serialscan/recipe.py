"""What the reader does: every look, view, network and threshold in one frozen, named value.

`EFFORTS` are the recipes that ship. Another one is made of one of them with ``dataclasses.replace`` and goes
to ``Reader``. One structure belongs to each step of docs/reading.md.

Units: ``px`` are pixels of the photo, or of the map or picture that is named. Heights are those of a line's
box, which are 1.56 times those of its glyphs. A *share* runs from 0 to 1. The *worth* of a line is the sum of
what its characters are surer than `Cover.even`, in the posteriors of one network.

Source: where no other is named, a value was chosen on rendered photos and checked on real ones. What each
part brings stands in docs/measured.md; ``benchmarks/ablation.py`` measures it again. Numbers that no recipe
changes stand beside the code that uses them.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from serialscan.settings import Settings

Detector = Literal["relief", "stock"]
"""``relief`` was taught relief and tuned from ``stock``."""

Recogniser = Literal["relief", "ppocrv6-small", "relief-bumps", "relief-quick", "relief-v5"]
"""``relief`` was taught relief and tuned from ``ppocrv6-small``; ``relief-bumps`` was taught it otherwise.
``relief-quick`` is small and was taught by ``relief``; ``relief-v5`` was taught relief from another origin
(PP-OCRv5-mobile)."""

RELIEF: Final = "relief"
STOCK: Final = "ppocrv6-small"
BUMPS: Final = "relief-bumps"
QUICK: Final = "relief-quick"
V5: Final = "relief-v5"


@dataclass(frozen=True)
class Crop:
    """How to cut a line: margins in heights beyond its shape.

    Attributes:
        along: margin before the first and after the last character.
        across: margin above and below; negative cuts closer.
        start: first place of a piece of the line in ``u``.
        stop: last place likewise.
    """

    along: float = 0.15
    across: float = 0.0
    start: float = 0.0
    stop: float = 1.0


GLANCE: Final = Crop()
"""The crop of a first look; the networks were taught on lines cut so."""


@dataclass(frozen=True)
class View:
    """One way to look at a line: how to cut it, what to do with the light, and which recogniser reads.

    Attributes:
        name: of the view in the records.
        crop: how to cut the line.
        light: ``flattened`` is the line in even light, ``smoothed`` without grain.
        recogniser: who reads.
    """

    name: str
    crop: Crop
    light: Literal["raw", "flattened", "smoothed"]
    recogniser: Recogniser = RELIEF


@dataclass(frozen=True)
class Light:
    """Step 1: the light of a page before it is searched. Grey values run from 0 to 255.

    Attributes:
        span: a page that spans less grey values is stretched to that; 0 stretches none.
        tail: share of the pixels that may lie outside of the span on either side.
        least_span: less is an empty surface, and stretching its noise shows nothing.
        lift: also search a page of something dark on bright ground with its dark tones spread.
        dark_span: a dark part that spans more shows its marks as it is.
        dark_tails: of its pixels.
        dark_shares: of the page: less is a shadow, more leaves nothing bright.
        dark_gap: grey values from its brightest to the bright part's median.
        lifted: what its brightest becomes.
        lifted_better: a page is read in lifted light if its lines are worth so much more there.
    """

    span: int = 140
    tail: float = 0.005
    least_span: int = 8
    lift: bool = True
    dark_span: int = 70
    dark_tails: tuple[float, float] = (0.01, 0.97)
    dark_shares: tuple[float, float] = (0.15, 0.97)
    dark_gap: int = 60
    lifted: int = 130
    lifted_better: float = 0.5


@dataclass(frozen=True)
class Boxes:
    """Step 2: from a map of text probability to boxes and bowed lines.

    Attributes:
        text: text probability of a pixel, as PP-OCR uses it.
        box: mean text probability of a box; PP-OCR's 0.5 loses faint relief.
        least_px: of the map: the shorter side of a blob.
        unclip: DB shrinks text in training by this ratio (Liao et al. 2020); boxes are grown back.
        bowed: whether lines that bow are looked for.
        bow: rise of a bowed line's middle, in heights.
        bow_long: px of the map; nothing shorter is taken for bowed.
        bow_better: distance to the circle against that to the straight line, both root mean square.
        long: variance across a blob against that along it, of such blobs that `straight` is for.
        straight: a parabola that fits hardly better than the line tells that a circle does not either.
        band: area of the band that a circle tells, against that of the blob.
        least_radius: of a circle, in heights.
        refinements: steps of Gauss and Newton in the fit of a circle.
    """

    text: float = 0.3
    box: float = 0.3
    least_px: float = 3
    unclip: float = 1.6
    bowed: bool = True
    bow: float = 0.3
    bow_long: float = 36
    bow_better: float = 0.85
    long: float = 0.3
    straight: float = 0.95
    band: tuple[float, float] = (0.6, 1.6)
    least_radius: float = 1.2
    refinements: int = 8


@dataclass(frozen=True)
class Joins:
    """Step 2: neighbours in a row are also tried as one line, since a detector chops struck digits apart.

    Attributes:
        limit: joined boxes at most, the tightest rows first.
        rounds: pairs, then pairs of pairs, and so on.
        alike: heights, or widths of single characters, in heights of the longer one.
        askew: degrees between two boxes that both have a direction.
        directed: length in heights from which a box has a direction.
        across: heights by which the middles may be off one row.
        gaps: from overlapping by so much of the smaller one to so many heights apart.
        taller: a joined box is at most so many times as high as the higher of the two.
        known: share from which a joined box is one that is there already.
        cost: of a joined row in a cover.
        cost_gap: likewise, of each height of gap that it bridges.
    """

    limit: int = 24
    rounds: int = 3
    alike: tuple[float, float] = (0.6, 1.6)
    askew: float = 12
    directed: float = 1.8
    across: float = 0.4
    gaps: tuple[float, float] = (0.6, 2.0)
    taller: float = 1.15
    known: float = 0.8
    cost: float = 0.3
    cost_gap: float = 0.5


@dataclass(frozen=True)
class EvenLight:
    """Step 2: a page whose parts all have the same contrast, for closer looks.

    Attributes:
        clip: limit of the contrast, as a factor on that of an even histogram; OpenCV's unit.
        parts: of the page's width and height, each equalised by itself.
    """

    clip: float = 3.0
    parts: int = 12


@dataclass(frozen=True)
class Places:
    """Step 2: the looks at a page.

    The detector taught relief draws its boxes tighter, so that a line found by both is seen with two margins.

    Attributes:
        looks: long sides in px at which all of the photo is looked at, and the detector. The hints of the
            last one call for tiles.
        grey_look: an additional look without colour. Worn print on a yellow label shows in two channels of
            three. Its size is one of `looks`.
        coloured: grey values between a pixel's strongest and weakest channel, in the mean, from which a photo
            is looked at in grey; above 255 none is.
        boxes: how a look's map becomes boxes.
        joins: which boxes are also tried as one line.
        copies: share from which two boxes are one.
        tile_detector: looks at tiles and at unrolled rings.
        native: a photo so many times larger than the last look is also searched in tiles of its own pixels.
        hint: text probability in a look that calls for a closer one.
        resolved_score: text probability of a box that gains nothing from a closer look.
        resolved_px: height of such a box, in px of the last look.
        tile_px: longest side of a tile.
        tile_overlap_px: of two tiles.
        tile_margin_px: around what calls for the look.
        edge_px: a box that close to an inner edge of a tile is cut by it.
        again_detector: looks again, closer or for small marks. Faint relief shows to it when it looks closer.
        closer_looks: long sides in px. They break whole lines into pieces, so only what stands where nothing
            was read counts.
        even_px: long side of one more closer look, at the page in even light. A smaller photo is looked at as
            it is; 0 for no such look.
        even: that light. Shallow marks on dark metal stand out in it.
        closer_grown: a photo that is enlarged so many times shows no more.
        free: a box that shares less of itself with every line that was read stands where nothing was read.
        fine_px: long side at which larger photos are searched for small marks.
        small_beside_number: look for small marks beside a sure number, too.
        clear: text probability of such hints and boxes beside a sure number, which may be an exhibit card's.
        number_ends_search: a sure number ends the search for faint marks.
        number_worth: of a line that shows a number surely.
        number_digits: of a number.
        line_px: a page with a shorter side than this may be a crop of one line, ...
        line_long: ... if it is so many times as long.
    """

    looks: tuple[tuple[int, Detector], ...] = ((640, "relief"), (640, "stock"), (960, "stock"))
    grey_look: tuple[int, Detector] = (640, "relief")
    coloured: float = 30.0
    boxes: Boxes = Boxes()
    joins: Joins = Joins()
    copies: float = 0.85
    tile_detector: Detector = "stock"
    native: float = 1.6
    hint: float = 0.02
    resolved_score: float = 0.6
    resolved_px: float = 40.0
    tile_px: int = 960
    tile_overlap_px: int = 160
    tile_margin_px: int = 96
    edge_px: float = 2
    again_detector: Detector = "relief"
    closer_looks: tuple[int, ...] = (960, 1408)
    even_px: int = 2048
    even: EvenLight = EvenLight()
    closer_grown: float = 1.47
    free: float = 0.2
    fine_px: int = 2048
    small_beside_number: bool = True
    clear: float = 0.45
    number_ends_search: bool = True
    number_worth: float = 1.5
    number_digits: int = 4
    line_px: int = 200
    line_long: float = 1.8


@dataclass(frozen=True)
class Rings:
    """Step 2: text on circles.

    Attributes:
        most: rings unwrapped per page.
        turns: of the strip, so that no text is cut by its seam.
        strip_glyph_px: height of text in the strip.
        strip: height of the strip in heights.
        closed: radius in heights up to which all of a bowed line's circle is searched.
        largest: radius of a ring in heights.
        smallest: likewise.
        apart: degrees between chords that fix a centre.
        chord: length in heights from which a box has a direction.
        alike: heights of two chords, one against the other.
        one_distance: difference of their distances from the centre, in radii.
        level: degrees that a line in the strip may be off its length.
        tangent: degrees that a chord may be off the tangent.
        chord_long: length of a chord in radii, at most.
        on: heights that a box may be off the ring.
        on_alike: its height against that of the ring.
        squeezed: whether an ellipse is fitted to a ring that is seen askew.
        most_of_ring: degrees of a ring on which its text must be seen for that.
        stray: heights from the curve at which a mark is none of its text.
        wanders: heights by which text wanders along an ellipse.
        flattest: minor over major axis.
        trims: rounds of the trimmed fit.
    """

    most: int = 2
    turns: float = 2.0
    strip_glyph_px: int = 40
    strip: float = 2.6
    closed: float = 12.0
    largest: float = 30.0
    smallest: float = 1.2
    apart: float = 25.0
    chord: float = 1.3
    alike: tuple[float, float] = (0.6, 1.6)
    one_distance: float = 0.2
    level: float = 25.0
    tangent: float = 22.0
    chord_long: float = 2.2
    on: float = 0.6
    on_alike: tuple[float, float] = (0.5, 1.8)
    squeezed: bool = True
    most_of_ring: int = 180
    stray: float = 0.35
    wanders: float = 0.06
    flattest: float = 0.4
    trims: int = 4


@dataclass(frozen=True)
class Glances:
    """Step 3: a quick look at every place, and which of them are read.

    Most places hold no line, or hold it the other way up, and a quick look tells which.

    Attributes:
        quick: glances at every place.
        reader: reads what the glance leaves; that chooses the lines.
        even: a character that the quick look is surer of counts for its place. It is less sure than others.
        behind: a direction worth so much less than another one of the same place is left.
        square: a box less elongated than this may be read across, too.
        turnable: signs that are read as something else upside down.
        one_way: sure signs that are not, for a place to be read one way only.
        one_way_sure: how sure these are.
    """

    quick: Recogniser = QUICK
    reader: Recogniser = RELIEF
    even: float = 0.3
    behind: float = 0.5
    square: float = 1.5
    turnable: str = "0O1Il|2Z5S698HNXMWoxzsupdbqne -_./:,'"
    one_way: int = 3
    one_way_sure: float = 0.9


@dataclass(frozen=True)
class Cover:
    """Step 4: the best set of lines without overlap.

    Attributes:
        even: a character counts as far as it is surer than this; what is less sure counts against its line.
        line: what each line costs, so that a row read whole wins over the same row read in pieces.
        conflict: texts that share more of the smaller one exclude each other.
        same_place: heights between the middles of a character that two lines read.
        along: heights of a box's margins along its text, both together.
        across: likewise, above and below.
        parallel: cosine of the angle within which lines count as read in one direction.
        concentric: distance of the centres of two arcs of one ring, in radii.
        upright: people hold the camera so that text stands upright: worth one short line.
        direction: cost per character for reading upside down or against the other lines. Of 497 places read
            right in real photos 8 are surer the other way, by up to 0.09 a character; 171 are surer the right
            way by less than 0.15.
        steps: of the search for the best set, after which the greedy one is taken.
        judge: its view of a line counts half for what the line is worth; None for none.
    """

    even: float = 0.6
    line: float = 0.35
    conflict: float = 0.1
    same_place: float = 0.5
    along: float = 0.15
    across: float = 0.4
    parallel: float = 0.85
    concentric: float = 0.75
    upright: float = 2.0
    direction: float = 0.06
    steps: int = 20_000
    judge: Recogniser | None = None


@dataclass(frozen=True)
class Longer:
    """Step 4: a line is read on beyond both ends of its box.

    Attributes:
        rounds: how often before, and once more after, rows beside rows are looked for; 0 leaves lines as they
            are. A line may be cut at both ends.
        beyond: heights by which a line is read further.
        cost: of that in a cover.
        sure: share of the votes for the character at that end.
        characters: letters and digits of such a line, at least.
    """

    rounds: int = 2
    beyond: float = 0.8
    cost: float = 0.1
    sure: float = 0.9
    characters: int = 3


@dataclass(frozen=True)
class Rows:
    """Step 4: rows that no detector found. Marks stand in blocks, so beside a row there may be another.

    Attributes:
        look: whether they are looked for.
        sure: worth of a line beside which they are, and inside of which nothing smaller is.
        steps: from the middle of a row to that of the next, in heights.
        slack: heights by which a neighbour may be off the first and the last of these.
        loose: height of a place in heights of the row: the next one need not stand where it is looked for.
        parallel: degrees.
        taken: a place that shares more of itself with a line that was found is not free.
        end: heights from the middle of an end character to the end of its row.
    """

    look: bool = True
    sure: float = 1.0
    steps: tuple[float, ...] = (1.0, 1.3, 1.6, 1.9)
    slack: float = 0.25
    loose: float = 1.2
    parallel: float = 10.0
    taken: float = 0.35
    end: float = 0.6


@dataclass(frozen=True)
class Stacks:
    """Step 4: characters one below the other, each upright.

    Attributes:
        most: columns of a page that are looked at; 0 for none.
        cost: in a cover; such marks are rare.
        long: heights of a box that may be a column.
        common: share of the smaller of two places that are one.
        copy: share from which a box is another one again.
        surely: mean sureness of a line that is read as it stands.
        steps: from one character to the next, in widths of the column.
        step: of the search between these.
        even: how far the ink must come and go with these steps: amplitude over mean.
        bare: per cent of the strip are as bare as the ground between the characters.
        inked: ink of a character, in that of the middle one; between two there is less.
        fewest: characters.
    """

    most: int = 6
    cost: float = 0.5
    long: float = 2.0
    common: float = 0.3
    copy: float = 0.85
    surely: float = 0.9
    steps: tuple[float, float] = (0.75, 2.2)
    step: float = 0.02
    even: float = 0.3
    bare: float = 10
    inked: float = 0.4
    fewest: int = 3


@dataclass(frozen=True)
class Mirror:
    """Step 5: text that stands mirrored.

    Attributes:
        well: worth of the telling signs of a page that needs no mirror.
        boxes: of a page that are looked at in a mirror.
        longest: heights of such a box: a longer one costs more than it tells.
        full: length in heights from which a box holds no more text.
        common: share of the smaller of two places that are one.
        hints: worth of a box in a mirror that calls for more.
        hints_better: by which the boxes must be worth more in a mirror, in sum.
        better: by which the lines of the mirror image must be worth more than those of the page, in sum.
        proved: worth of a line that proves it.
        proved_telling: telling signs of such a line.
        proved_sure: how sure these are.
    """

    well: float = 1.0
    boxes: int = 3
    longest: float = 12.0
    full: float = 4.0
    common: float = 0.3
    hints: float = 0.8
    hints_better: float = 0.8
    better: float = 1.0
    proved: float = 1.0
    proved_telling: int = 2
    proved_sure: float = 0.8


_CLOSE = Crop(along=0.1, across=-0.1)

# That all of them were taught differently and read the same is the best evidence there is, so every line is
# read by three: these two and the first look.
FIRST_ROUND: Final = (View("raw", GLANCE, "raw", V5), View("flattened", GLANCE, "flattened", STOCK))

# Where a doubt is left another network says more than further views of the same one.
SECOND_ROUND: Final = (
    View("close", _CLOSE, "raw", BUMPS),
    View("smoothed", Crop(along=0.15, across=0.05), "smoothed", BUMPS),
    View("raw", GLANCE, "raw"),
    View("raw", GLANCE, "raw", STOCK),
)


@dataclass(frozen=True)
class Views:
    """Step 5: in which views a chosen line is read.

    Attributes:
        rounds: the views; a further round only for lines of which the rounds before left a doubt.
        sure: confidence from which there is none.
        same_line: share from which another box shows the same line, ...
        same_askew: ... and degrees between the two.
        long: heights of a box: a longer line is also read in pieces as long as this.
        piece_overlap: heights.
        cut: heights from the end of a piece to the middle of the first character that it shows whole.
    """

    rounds: tuple[tuple[View, ...], ...] = (FIRST_ROUND, SECOND_ROUND)
    sure: float = 0.9
    same_line: float = 0.65
    same_askew: float = 15
    long: float = 14.0
    piece_overlap: float = 3.0
    cut: float = 0.5


@dataclass(frozen=True)
class Parts:
    """Step 5: a gap this wide parts two lines.

    Attributes:
        gap_pitches: in steps between characters, ...
        gap_heights: ... and in heights. Two characters have no usual step: this alone parts them. In 182 real
            and 700 rendered photos the pairs that are read right have 0.84 at most.
        ring_gap_pitches: on a ring, which has no line ends.
        ring_numbers_gap_pitches: of two numbers on a ring: spaces part words, seldom the digits of one.
        ring_part: characters that a mark on a ring has at least.
        half: heights from the middle of an end character to beyond its edge.
    """

    gap_pitches: float = 2.5
    gap_heights: float = 1.1
    ring_gap_pitches: float = 2.0
    ring_numbers_gap_pitches: float = 1.5
    ring_part: int = 3
    half: float = 0.35


@dataclass(frozen=True)
class Decoding:
    """Step 6: the likeliest strings of a view (CTC prefix beam search, Hannun et al. 2014).

    Attributes:
        beams: prefixes kept after every frame; at least 1.
        floor: smallest posterior of a class to be followed.
        least: a prefix is given up when its probability is a smaller part of the likeliest one's.
    """

    beams: int = 50
    floor: float = 1e-3
    least: float = 1e-2


@dataclass(frozen=True)
class Vote:
    """Step 6: the views of a line vote.

    Attributes:
        trust: power of its best string's probability by which a view is trusted.
        keep: strings of each view that vote; the rest of a view's probability goes to these.
        n_best: strings that a line has at most.
        moved: cost of being one line width away, in character mismatches; it grows with the text's length.
        neighbours: whether they settle doubts between signs that look alike.
        context_odds: how much likelier the class of the neighbours is. In the texts of 500 rendered photos
            402 rings between letters are O and none is 0, 462 bars are I and 9 are 1; beside digits alone
            all 276 are 0 and all 269 1.
        among_digits_odds: likewise for digits that look like letters, between two digits. The texts of 1 750
            rendered photos have 4 378 of the digits in `LIKE_DIGITS` there and none of the letters; 150 real
            photos, VINs and chips among them, 626 and 6.
        number_odds: how much likelier 1 is than I, and 0 than O, behind a letter and before digits: most
            schemes of numbers leave I and O out (49 CFR 565.15). Both stay among the alternatives.
    """

    trust: float = 0.5
    keep: int = 5
    n_best: int = 8
    moved: float = 4.0
    neighbours: bool = True
    context_odds: float = 50.0
    among_digits_odds: float = 10.0
    number_odds: float = 2.7


@dataclass(frozen=True)
class Ends:
    """Step 8: what stands beyond the ends of a line.

    The place of one more character at the end of a line: a window reaches some heights inwards and outwards
    from the end character, and the next one stands some steps from it.

    Attributes:
        digits: of a line at whose ends one looks.
        next_digits: of a line next to which recognisers look for a faint character.
        next_sure: confidence of such a line; a number on one that is rather misread is accepted by nobody.
        next_doubt: probability of more, or of something over it, from which they need not look.
        next_noise: probability of a character that recognisers give to bare surface; less tells nothing.
        next_readers: who looks: the first in flattened light, the second in the raw one.
        next_inwards: heights of the window.
        next_outwards: likewise.
        next_from: steps between characters from the end character to the first place that counts.
        next_to: likewise, to the last one.
    """

    digits: int = 2
    next_digits: int = 4
    next_sure: float = 0.25
    next_doubt: float = 0.5
    next_noise: float = 0.2
    next_readers: tuple[Recogniser, Recogniser] = (RELIEF, BUMPS)
    next_inwards: float = 1.0
    next_outwards: float = 1.4
    next_from: float = 0.62
    next_to: float = 1.7


@dataclass(frozen=True)
class Signs:
    """Step 9: signs that are no text, beside the lines. They change no line.

    The longer side of a short box, the glyphs of a line and the free middle of a ring are the units of the
    squares that are looked at.

    Attributes:
        least: posterior from which a sign is told, the mean of three closer looks. So high that few are told
            falsely on real photos: it was looked at on them, not fitted to them.
        closer: posterior of the first look from which there are closer ones.
        squares: of a page at most, for the time that they take.
        smallest_px: side of a square; a smaller one shows nothing.
        long: width over height of a box in which a sign may stand.
        characters: of a line that is looked at as a place of a sign.
        scales: sides of the squares around a short box: some boxes hold only what stands in the sign.
        lines: beside whose ends, and above and below whose middle, signs are looked for; the surest.
        beside: sides of these squares, in glyph heights.
        sweep: degrees of a ring of text in whose middle a sign is looked for.
        in_rings: sides of these squares, in the ring's inner diameters.
        shared: of a line's outline that lies in a sign, so that both are one mark.
        shown: alternatives in the record at most.
        numbers: signs that hold a number, and where it stands in them: left, top, right, bottom.
        number_sure: product of the confidences of such a number, if no line reads it.
    """

    least: float = 0.99
    closer: float = 0.4
    squares: int = 96
    smallest_px: float = 12.0
    long: float = 3.2
    characters: int = 4
    scales: tuple[float, ...] = (1.0, 1.45, 2.1)
    lines: int = 8
    beside: tuple[float, ...] = (1.7, 2.6)
    sweep: float = 120.0
    in_rings: tuple[float, ...] = (0.9, 1.25)
    shared: float = 0.6
    shown: int = 3
    numbers: tuple[tuple[str, tuple[float, float, float, float]], ...] = (
        ("number_triangle", (0.16, 0.42, 0.84, 0.98)),
        ("number_circle", (0.1, 0.16, 0.9, 0.84)),
        ("number_double_circle", (0.2, 0.24, 0.8, 0.76)),
        ("number_oval", (0.08, 0.14, 0.92, 0.86)),
        ("number_diamond", (0.16, 0.22, 0.84, 0.78)),
    )
    number_sure: float = 0.5


@dataclass(frozen=True)
class Displays:
    """Step 8: displays of seven segments. No network was taught such digits; all misread them.

    Of 630 lines of real marks none passes both bounds. Of a display all ink stands in bars, some five a
    digit.

    Attributes:
        bars: share of the ink that stands in bars of a segment's form.
        bars_each: bars for each character, in the mean: one has two, eight has seven.
        characters: of a line that is looked at.
        rows_px: of the crop that is looked at.
        long: length of a segment in glyph heights.
        thin: length of a segment over its width, at least.
        full: of the box around it that a segment fills.
        speck: squared glyph heights: smaller blots are dirt.
        ground: of the crop: what fills more is the ground.
    """

    bars: float = 0.6
    bars_each: float = 2.5
    characters: int = 4
    rows_px: int = 96
    long: tuple[float, float] = (0.18, 0.62)
    thin: float = 1.9
    full: float = 0.6
    speck: float = 0.004
    ground: float = 0.35


@dataclass(frozen=True)
class Testimony:
    """Step 5: which lines Tesseract reads, and how they are cut.

    Attributes:
        lines: of a page at most: those with digits, then the most valuable.
        crop: how they are cut.
    """

    lines: int = 8
    crop: Crop = Crop(along=0.2, across=0.05)


@dataclass(frozen=True)
class Closing:
    """How gaps between the dots of a code are closed.

    Attributes:
        scale: of the picture.
        grows: what grows before the blur.
        size_px: by which it grows.
        sigma_px: of the blur.
    """

    scale: float
    grows: Literal["", "dark", "light"]
    size_px: int
    sigma_px: float


@dataclass(frozen=True)
class Codes:
    """Codes, beside the lines.

    Attributes:
        coarse_pixels: all of the photo is first shown at no more than this.
        middle_pixels: and then larger, up to this.
        tile_px: side of a tile of the photo's own pixels.
        tiles: of a photo.
        small_px: of the photo; what is much larger is seen in the shrunk photo.
        tiny_px: a photo with a shorter side than this is also shown enlarged.
        edge: grey levels between neighbours: the most that counts.
        flat: likewise: what is nothing.
        weak_characters: of a code with a weak check or none, at least.
        closings: in the order of gain for time on rendered dot-peened codes.
    """

    coarse_pixels: int = 1_200_000
    middle_pixels: int = 4_000_000
    tile_px: int = 448
    tiles: int = 6
    small_px: int = 80
    tiny_px: int = 400
    edge: int = 50
    flat: int = 2
    weak_characters: int = 4
    closings: tuple[Closing, ...] = (
        Closing(0.35, "", 0, 1.0),
        Closing(0.25, "dark", 3, 0.7),
        Closing(0.5, "", 0, 0.7),
        Closing(0.25, "light", 3, 0.7),
        Closing(0.5, "light", 3, 0.7),
        Closing(0.5, "dark", 3, 0.7),
        Closing(0.35, "light", 3, 0.7),
        Closing(0.35, "dark", 3, 0.7),
        Closing(0.25, "dark", 5, 0.7),
        Closing(0.5, "light", 5, 0.7),
        Closing(0.71, "light", 3, 0.7),
        Closing(1.0, "light", 3, 1.0),
        Closing(1.0, "dark", 3, 1.0),
    )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a reader does, step by step.

    Attributes:
        name: of the recipe in the records. A recipe that differs in a value needs a name of its own.
        light: see `Light`.
        places: see `Places`.
        rings: see `Rings`.
        glances: see `Glances`.
        cover: see `Cover`.
        longer: see `Longer`.
        rows: see `Rows`.
        stacks: see `Stacks`.
        mirror: see `Mirror`.
        views: see `Views`.
        parts: see `Parts`.
        decoding: see `Decoding`.
        vote: see `Vote`.
        ends: see `Ends`.
        signs: see `Signs`.
        displays: see `Displays`.
        testimony: see `Testimony`.
        codes: see `Codes`.
    """

    name: str
    light: Light = field(default_factory=Light)
    places: Places = field(default_factory=Places)
    rings: Rings = field(default_factory=Rings)
    glances: Glances = field(default_factory=Glances)
    cover: Cover = field(default_factory=Cover)
    longer: Longer = field(default_factory=Longer)
    rows: Rows = field(default_factory=Rows)
    stacks: Stacks = field(default_factory=Stacks)
    mirror: Mirror = field(default_factory=Mirror)
    views: Views = field(default_factory=Views)
    parts: Parts = field(default_factory=Parts)
    decoding: Decoding = field(default_factory=Decoding)
    vote: Vote = field(default_factory=Vote)
    ends: Ends = field(default_factory=Ends)
    signs: Signs = field(default_factory=Signs)
    displays: Displays = field(default_factory=Displays)
    testimony: Testimony = field(default_factory=Testimony)
    codes: Codes = field(default_factory=Codes)

    @property
    def digest(self) -> str:
        """First 16 hex digits of the SHA-256 of all its values, the name left out."""
        return _digest(replace(self, name=""))

    @property
    def lines_digest(self) -> str:
        """The same without what changes no line: confidences are fitted to that."""
        return _digest(replace(self, name=""), frozenset({"signs"}))


@functools.cache
def _digest(recipe: Recipe, without: frozenset[str] = frozenset()) -> str:
    values = {name: value for name, value in msgspec.to_builtins(recipe).items() if name not in without}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:16]


NORMAL: Final = Recipe(name="normal")
"""Looks again where a doubt is left."""

FAST: Final = replace(
    NORMAL,
    name="fast",
    light=replace(NORMAL.light, lift=False),
    places=replace(NORMAL.places, small_beside_number=False),
    views=replace(NORMAL.views, rounds=(FIRST_ROUND,)),
)
"""Looks at each line three times, in one light, and for no small marks beside a sure number."""

THOROUGH: Final = replace(
    NORMAL,
    name="thorough",
    places=replace(NORMAL.places, number_ends_search=False),
    cover=replace(NORMAL.cover, judge=BUMPS),
)
"""Searches a photo with a surely read number as closely as others; two networks judge where lines stand."""

EFFORTS: Final = {recipe.name: recipe for recipe in (FAST, NORMAL, THOROUGH)}
"""The recipes that ship, by the name that ``--effort`` takes."""


def recipe_for(settings: Settings) -> Recipe:
    """The recipe that settings ask for. Another width of the search than the shipped one is in its name."""
    recipe = EFFORTS[settings.effort]
    if settings.beams == recipe.decoding.beams:
        return recipe
    name = f"{recipe.name}, {settings.beams} beams"
    return replace(recipe, name=name, decoding=replace(recipe.decoding, beams=settings.beams))
