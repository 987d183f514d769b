"""A laboratory's own calibration: how sure a named serial is, fitted on what its people decided.

`serialscan calibrate` writes it, ``--calibration`` uses it. It changes how sure a photo's serial is said to
be, and nothing that was read. With it a serial is accepted only if it would be without it, too.
"""

from __future__ import annotations

import functools
import hashlib
import math
from typing import Annotated, Final, Literal

import msgspec

from serialscan.bounded import read_bounded
from serialscan.errors import SettingsError
from serialscan.record import Model, SerialReading, Tool

SCHEMA: Final = "serialscan.calibration/1"
NAME: Final = "laboratory calibration"
"""What records call the file, among the weights."""

FLOOR = 1e-4  # no serial is surer or less sure than this and one minus this, as for lines
_AGAIN = "run serialscan calibrate again on records of this version"

Count = Annotated[int, msgspec.Meta(ge=0)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=100)]
Weights = tuple[Weight, Weight, Annotated[float, msgspec.Meta(ge=-100, le=100)]]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: immutable, keyword-only."""


class Measure(_Part, frozen=True, kw_only=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class Claims(_Part, frozen=True, kw_only=True):
    """Serials whose confidence lies above ``low`` and up to ``high``: how many, how sure, how many right."""

    low: float
    high: float
    claims: Count
    confidence: Share
    right: Count


class Held(_Part, frozen=True, kw_only=True):
    """How well confidences hold: 0 is best for each of the three measures.

    The calibration error has no interval: items drawn again make it larger by chance. ``accepted`` counts
    serials of photos, ``accepted_wrong`` those of them that are wrong.
    """

    log_loss: Measure
    brier: Measure
    calibration_error: Share
    reliability: tuple[Claims, ...]
    accepted: Count
    accepted_wrong: Count


class Labels(_Part, frozen=True, kw_only=True):
    """A file of labels."""

    name: str
    sha256: str


class Basis(_Part, frozen=True, kw_only=True):
    """What it was fitted on.

    Attributes:
        labels: the files.
        version: of the program that read the photos.
        recipe: that it read with.
        models: the weights and the calibration that ship.
        settings_digests: of the records.
        serials: named in photos, which people have judged.
        items: they are of, as far as their true serials tell.
        right: items with a serial that is right.
        wrong: items with a serial that is wrong.
        accepted: serials among them that were accepted.
        least: the least sure of them, as shipped.
        surest: the surest of them, as shipped.
    """

    labels: tuple[Labels, ...]
    version: str
    recipe: str
    models: tuple[Model, ...]
    settings_digests: tuple[str, ...]
    serials: Count
    items: Count
    right: Count
    wrong: Count
    accepted: Count
    least: Share
    surest: Share


class Laboratory(_Part, frozen=True, kw_only=True):
    """A calibration.

    ``weights`` are those of beta calibration (Kull, Silva Filho and Flach 2017). With the shipped confidence
    c the log odds of being right are ``weights[0] * ln(c) - weights[1] * ln(1 - c) + weights[2]``. The first
    two are not negative, so what was surer stays surer or becomes equal. ``before`` are the shipped
    confidences. ``after`` are confidences of models that did not see the item.
    ``gain`` is how much smaller the log loss of a serial is after.
    """

    schema: Literal["serialscan.calibration/1"] = SCHEMA
    weights: Weights
    basis: Basis
    before: Held
    after: Held
    gain: Measure

    def probability(self, confidence: float) -> float:
        """That a serial is right which the program alone is so sure of."""
        return mapped(confidence, self.weights)

    def of(self, serial: SerialReading) -> SerialReading:
        """The reading with this confidence; its candidates keep those that ship."""
        if serial.value is None:
            return serial
        return msgspec.structs.replace(serial, confidence=round(self.probability(shipped(serial)), 4))

    def check(self, tool: Tool, path: str) -> None:
        """Refuse to be used for what was read in another way.

        Args:
            tool: what reads.
            path: of the file, for the message.

        Raises:
            SettingsError: the version, the recipe or the weights are others.
        """
        basis = self.basis
        pairs = (("version", basis.version, tool.version), ("recipe", basis.recipe, tool.recipe))
        for name, fitted, used in pairs:
            if fitted != used:
                raise SettingsError(
                    f"{path}: was fitted to readings of {name} {fitted}, and this is {name} {used}: {_AGAIN}."
                )
        if basis.models != shipped_models(tool):
            raise SettingsError(f"{path}: was fitted to readings of other weights: {_AGAIN}.")


def mapped(confidence: float, weights: tuple[float, float, float]) -> float:
    """A confidence by weights as those of `Laboratory`, kept within `FLOOR`."""
    odds = sum(weight * value for weight, value in zip(weights, evidence(confidence), strict=True))
    return min(1 - FLOOR, max(FLOOR, 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))))


def evidence(confidence: float) -> tuple[float, float, float]:
    """What the weights are multiplied with: ln(c), -ln(1 - c) and 1, with c kept within `FLOOR`."""
    kept = min(1 - FLOOR, max(FLOOR, confidence))
    return math.log(kept), -math.log(1 - kept), 1.0


def shipped(serial: SerialReading) -> float:
    """How sure the program alone is of a serial, whether a laboratory's calibration was used or not."""
    if serial.value is not None and serial.candidates:
        return serial.candidates[0].confidence
    return serial.confidence


def shipped_models(tool: Tool) -> tuple[Model, ...]:
    """The weights that a record names, without a laboratory's calibration."""
    return tuple(model for model in tool.models if model.name != NAME)


@functools.lru_cache(maxsize=8)
def load_laboratory(path: str, sha256: str = "") -> Laboratory:
    """The calibration of a file.

    Args:
        path: of the file.
        sha256: of it in hex, refused if it differs; empty for any.

    Raises:
        SettingsError: it cannot be read, has changed, or is none.
    """
    try:
        data = read_bounded(path)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise SettingsError(f"{path}: changed since the settings were read: start again.")
    try:
        return msgspec.json.decode(data, type=Laboratory)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(
            f"{path}: is no calibration of a laboratory ({error}): name a file that serialscan calibrate "
            "wrote."
        ) from error
