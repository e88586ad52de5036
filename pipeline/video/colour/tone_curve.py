"""The standards' formulas from HDR numbers to SDR numbers; pure, on arrays of any shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: TransferCharacteristics of H.273, table 3.
PQ, HLG = 16, 18

#: SMPTE ST 2084:2014, section 5.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_PQ_MOST = 10_000.0

#: ITU-R BT.2100-2, table 5.
_A = 0.17883277
_B, _C = 1 - 4 * _A, 0.5 - _A * np.log(4 * _A)

#: The display that HLG is shown on where nothing else is known, in cd/m2, and its system gamma (BT.2100-2,
#: table 5, notes 5e and 5f).
HLG_PEAK = 1000.0
_HLG_GAMMA = 1.2

#: What SDR's white stands for in cd/m2: diffuse white of HDR (ITU-R BT.2408, 2.1).
SDR_WHITE = 203.0

#: Gamma of an SDR display (ITU-R BT.1886, annex 1).
_SDR_GAMMA = 2.4

#: CIE 1931 x, y of red, green, blue and white by ColourPrimaries of H.273, table 2: BT.709, BT.2020, P3-D65.
_D65 = (0.3127, 0.3290)
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
_BT709, _BT2020 = 1, 9


def sdr_from_hdr(rgb: Floats, transfer: int, primaries: int, peak: float) -> Floats:
    """BT.709's coded R, G, B in 0..1, from HDR's coded R, G, B in 0..1, [..., 3].

    transfer : PQ or HLG. primaries : of H.273; others than BT.709 and P3 are taken for BT.2020. peak : the
    brightest that is to be expected, in cd/m2; brighter is cut off. Colours that BT.709 does not hold are cut
    off too.
    """
    light = pq_light(rgb) if transfer == PQ else hlg_light(rgb)
    brightest = light.max(axis=-1, keepdims=True)
    # One factor for all three keeps the hue: each by itself would bleach what is bright and coloured.
    factor = rolled_off(brightest, peak) / np.maximum(brightest, 1e-9)
    relative = light * factor / SDR_WHITE @ to_bt709(primaries).T
    return np.asarray(np.clip(relative, 0.0, 1.0) ** (1 / _SDR_GAMMA))


def pq_light(code: Floats) -> Floats:
    """cd/m2 of PQ's coded values: the EOTF of SMPTE ST 2084, equation 4.1."""
    root = np.clip(code, 0.0, 1.0) ** (1 / _M2)
    return np.asarray(_PQ_MOST * (np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1))


def pq_code(light: Floats) -> Floats:
    """PQ's coded values of cd/m2: the inverse EOTF of SMPTE ST 2084, equation 5.1."""
    root = np.clip(light / _PQ_MOST, 0.0, 1.0) ** _M1
    return np.asarray(((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2)


def hlg_light(code: Floats) -> Floats:
    """cd/m2 of HLG's coded R, G, B, [..., 3], on its reference display: BT.2100-2, table 5, OETF^-1 and OOTF."""
    code = np.clip(code, 0.0, 1.0)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - _C) / _A) + _B) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return np.asarray(HLG_PEAK * scene * luminance[..., None] ** (_HLG_GAMMA - 1))


def rolled_off(light: Floats, peak: float) -> Floats:
    """Luminance in cd/m2 up to SDR_WHITE, from one up to `peak`: the EETF of ITU-R BT.2390-11, 5.4.1, for a black of 0.

    What is dark stays; the rest bends towards white along a Hermite spline over PQ's values.
    """
    source_white, target_white = pq_code(np.array([peak, SDR_WHITE]))
    if target_white >= source_white:
        return np.minimum(light, SDR_WHITE)
    code = np.minimum(pq_code(light) / source_white, 1.0)
    most = target_white / source_white
    knee = 1.5 * most - 0.5
    t = (code - knee) / (1 - knee)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )
    return pq_light(np.where(code < knee, code, bent) * source_white)


def to_bt709(primaries: int) -> Floats:
    """The matrix [3, 3] from linear R, G, B of these primaries to those of BT.709 (SMPTE RP 177; ITU-R BT.2087)."""
    return np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(primaries if primaries in _PRIMARIES else _BT2020)


def _to_xyz(primaries: int) -> Floats:
    """The matrix [3, 3] from linear R, G, B to CIE XYZ, where R = G = B = 1 is the white of luminance 1."""
    red, green, blue, white = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in _PRIMARIES[primaries])
    columns = np.stack([red, green, blue], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, white))
