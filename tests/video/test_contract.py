"""One contract over all footage: the chunks of a video are the video, and so is what is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.demux import cut_packets
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.container import check_container
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder
from tests.footage import good_frames, mux_proved

#: Name -> frames, as counted by decoding each file from its beginning to its end with PyAV alone.
PLAYABLE = {
    "nasty/made/-dash and 'quotes' $HOME; 한글 %03d.mp4": 91,
    "nasty/made/bt601_full_range.mp4": 60,
    "nasty/made/edit_list_cut.mp4": 111,
    "nasty/made/hdr10_pq.mp4": 60,
    "nasty/made/interlaced_mpeg2_anamorphic.mpg": 90,
    "nasty/made/mjpeg.avi": 60,
    "nasty/made/odd_427x241_yuv444.mp4": 60,
    "nasty/made/one_frame.mp4": 1,
    "nasty/made/one_keyframe.mp4": 150,
    "nasty/made/open_gop_h264.mp4": 180,
    "nasty/made/open_gop_hevc_10bit.mkv": 120,
    "nasty/made/pcm_srt.mkv": 90,
    "nasty/made/rotated_90.mp4": 60,
    "nasty/made/stream.ts": 150,
    "nasty/made/truncated.ts": 89,
    "nasty/made/two_audio_subs_chapters_2997.mp4": 150,
    "nasty/made/vfr.mp4": 91,
    "nasty/made/video_starts_late.mp4": 150,
    "nasty/made/vp9_opus.webm": 60,
    "nasty/made/wrong_extension.mp4": 60,
    "nasty/found/av1_video.mkv": 125,
    "nasty/found/bitmap.mp4": 5,
    "nasty/found/fire2.mp4": 25,
    "nasty/found/h265_10bits.mp4": 30,
    "nasty/found/nasa_13013.mp4": 390,
    "nasty/found/no_duration.webm": 74,
    "nasty/found/test-middle-pat-pmt.ts": 15,
    "nasty/found/transparent.webm": 150,
    "nasty/found/unordered.mov": 4,
    "nasty/found/video_0.mov": 3,
    "nasty/found/video_90.mov": 3,
    "nasty/found/webm.webm": 1,
    "footage/highway_720p.mp4": 38,
    "footage/gopro_data_tracks.mp4": 315,
}
DAMAGED = {
    "nasty/made/flipped_bits.mp4": 91,
    "nasty/made/flipped_bits.ts": 150,
    "nasty/found/corrupted.mp4": 50,
}
UNPLAYABLE = (
    "nasty/made/audio_only.mp4",
    "nasty/made/empty.mp4",
    "nasty/made/text.mp4",
    "nasty/made/truncated_no_moov.mp4",
    "nasty/found/AudioVideoInterleave.avi",
    "nasty/found/Mpeg4.mp4",
    "nasty/found/dash-608-captions-init.mp4",
    "nasty/found/test-stuffed-pes.ts",
)
QUICK = ("open_gop_hevc", "edit_list", "rotated", "stream.ts", "vp9", "unordered", "video_90", "bitmap")


def some_are_slow(names: dict[str, int]) -> list[object]:
    return [
        pytest.param(
            name, marks=() if any(word in name for word in QUICK) else pytest.mark.slow, id=Path(name).name
        )
        for name in names
    ]


def digest(planes: tuple[np.ndarray, ...]) -> int:
    return hash(tuple(plane.tobytes() for plane in planes))


@pytest.mark.parametrize("name", some_are_slow(PLAYABLE))
def test_chunks_and_packets_give_the_frames_of_the_whole(shared: Path, name: str) -> None:
    info = probe(shared / name)
    assert info.frame_count == PLAYABLE[name]
    whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
    at_once = [(frame.pts, digest(frame.picture.planes)) for frame in good_frames(info, whole)]
    for from_packets in (False, True):
        in_pieces = [
            (frame.pts, digest(frame.picture.planes))
            for chunk in plan(info, 30)
            for frame in good_frames(info, chunk, packets=cut_packets(info, chunk) if from_packets else None)
        ]
        assert in_pieces == at_once
    assert [pts for pts, _ in at_once] == info.pts.tolist()


def remade(info: VideoInfo, folder: Path) -> VideoInfo:
    """The video after all passes with nothing painted on it, in the first format that holds all of it."""
    encoder = probe_encoder(info, EncodeSettings(preset="ultrafast"))
    parts = []
    for chunk in plan(info, 40):
        parts.append(folder / f"{chunk.index}.mp4")
        frames = (frame.picture for frame in decode_yuv(info, chunk))
        encode_part(parts[-1], frames, info, chunk, encoder)
    check = check_container(info, folder / "out.mp4")
    out = folder / f"out{check.fitting[0] if check.problems else '.mp4'}"
    mux_proved(info, parts, out)
    return probe(out)


@pytest.mark.parametrize("name", some_are_slow(PLAYABLE | DAMAGED))
def test_what_is_made_of_them_has_the_same_times_size_and_streams(
    shared: Path, tmp_path: Path, name: str
) -> None:
    info = probe(shared / name)
    out = remade(info, tmp_path)
    assert out.frame_count == (PLAYABLE | DAMAGED)[name]
    assert (out.width, out.height, out.sample_aspect) == (info.width, info.height, info.sample_aspect)
    shift = info.start_pts * info.time_base - out.start_pts * out.time_base
    errors = (
        out.pts[n] * out.time_base + shift - info.pts[n] * info.time_base for n in range(out.frame_count)
    )
    assert max(map(abs, errors)) <= out.time_base / 2
    kinds = [stream.kind for stream in info.streams if stream.kind in ("video", "audio", "subtitle")]
    assert [stream.kind for stream in out.streams if stream.kind != "data"] == kinds


@pytest.mark.parametrize("name", [pytest.param(name, id=Path(name).name) for name in UNPLAYABLE])
def test_what_holds_no_video_is_refused(shared: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        probe(shared / name)
    assert caught.value.exit_code == 3
    assert str(shared / name) in caught.value.what
