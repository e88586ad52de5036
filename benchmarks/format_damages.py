"""Damage to outputs in HEVC with HDR, in AV1, from a telephone and interlaced, for verify_damage.py."""

from __future__ import annotations

from pathlib import Path

from damage_scene import FINE_H264, TIMEOUT_SECONDS, Damage, Scene, copied, filtered, rewritten
from mp4_damages import described
from picture_damages import painted, shuffled, swapped_frames

from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

_LIGHT = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
)
_HDR = "colorprim=9:transfer=16:colormatrix=9:hdr10=1:repeat-headers=1"
HDR_HEVC = {
    "c:v": "libx265", "crf": 12, "preset": "ultrafast", "pix_fmt": "yuv420p10", "tag:v": "hvc1", "c:a": "copy",
    "x265-params": f"log-level=error:{_HDR}:{_LIGHT}",
    "color_primaries": "bt2020", "color_trc": "smpte2084", "colorspace": "bt2020nc",
}  # fmt: skip
FINE_AV1 = {"c:v": "libsvtav1", "crf": 12, "preset": 10, "svtav1-params": "enable-overlays=0"}

#: The day, which ffmpeg leaves out of a copy.
TAKEN = {f"metadata:{place}": "creation_time=2024-05-01T10:00:00.000000Z" for place in ("g", "s:v:0")}


def told_anew(words: str) -> Damage:
    """The parameters of H.264 stand once more before the second keyframe, and say something else."""

    def do(scene: Scene, path: Path) -> None:
        import av

        other = path.with_name(f"other{path.suffix}")
        copied(**{"bsf:v": f"h264_metadata={words}"})(scene, other)
        with av.open(str(other)) as container:
            header = bytes(container.streams.video[0].codec_context.extradata or b"")
        length = int.from_bytes(header[6:8], "big")
        sequence, rest = header[6 : 8 + length], header[9 + length :]
        picture = rest[: 2 + int.from_bytes(rest[:2], "big")]
        with (
            av.open(str(scene.made)) as before,
            av.open(str(path), "w", options={"video_track_timescale": str(scene.ticks)}) as after,
        ):
            after.metadata.update(before.metadata)
            old = before.streams.video[0]
            new = after.add_stream_from_template(old)
            new.metadata.update(old.metadata)
            keys = 0
            for packet in before.demux(old):
                if packet.size:
                    keys += packet.is_keyframe
                    content = bytes(packet)
                    if packet.is_keyframe and keys == 2:
                        content = b"\0\0" + sequence + b"\0\0" + picture + content
                    changed = av.Packet(content)
                    changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
                    changed.time_base, changed.is_keyframe = packet.time_base, packet.is_keyframe
                    changed.stream = new
                    after.mux_one(changed)
            assert keys > 1
        other.unlink()

    return do


HEVC_FAMILIES: dict[str, dict[str, Damage]] = {
    "pictures of 10 bit": {
        "one frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frame()})'"),
        "two frames swapped": shuffled(swapped_frames),
        "a region painted over": filtered(painted),
        "the colour gone": filtered(lambda s: "lutyuv=u=512:v=512"),
        "the last two bits gone": filtered(lambda s: "lutyuv=y='bitand(val,1020)'"),
        "a level of 8 bit brighter": filtered(lambda s: "lutyuv=y=val+4"),
        "encoded in 8 bit": filtered(lambda s: "null", pix_fmt="yuv420p"),
        "chroma of half the size": filtered(lambda s: "format=yuv410p,format=yuv420p10"),
    },
    "the meaning of numbers": {
        "another transfer": copied(**{"bsf:v": "hevc_metadata=transfer_characteristics=18"}),
        "another matrix": copied(**{"bsf:v": "hevc_metadata=matrix_coefficients=1"}),
        "full range": copied(**{"bsf:v": "hevc_metadata=video_full_range_flag=1"}),
        "no word of the light": filtered(
            lambda s: "sidedata=delete,null", **{"x265-params": f"log-level=error:{_HDR}"}
        ),
        "other light in the pictures": filtered(
            lambda s: "null",
            **{"x265-params": f"log-level=error:{_HDR}:{_LIGHT}".replace("1000,400", "4000,400")},
        ),
        "other light in the header": described(b"clli", 4000, 400, size=2, before=b"hvcC"),
        "another display in the header": described(
            b"mdcv", *[10000] * 8, 0x98, 0x9680, 0, 1, size=2, before=b"hvcC"
        ),
        "chroma location": copied(**{"bsf:v": "hevc_metadata=chroma_sample_loc_type=2"}),
        "the clock in the pictures": copied(**{"bsf:v": "hevc_metadata=tick_rate=10"}),
        "a crop in the pictures": copied(**{"bsf:v": "hevc_metadata=crop_right=16"}),
        "another level": copied(**{"bsf:v": "hevc_metadata=level=1"}),
    },
    "the file": {
        "another codec tag": copied(**{"tag:v": "hev1"}),
        "a depth in the header": rewritten(b"hvcC", 4 + 17, lambda old, s: b"\xf8", 1),
        "last frame missing": lambda s, path: copied(**{"frames:v": s.frames - 1})(s, path),
        "asks to be turned": rewritten(b"tkhd", 44, lambda old, s: (0x8000).to_bytes(4, "big"), 4),
        "the sound's channels in the header": rewritten(b"mp4a\0\0\0\0", 4 + 16, lambda old, s: b"\0\7", 2),
    },
}

AV1_FAMILIES: dict[str, dict[str, Damage]] = {
    "pictures and header": {
        "one frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frame()})'"),
        "two frames swapped": shuffled(swapped_frames),
        "a region painted over": filtered(painted),
        "U and V exchanged": filtered(lambda s: "swapuv"),
        "three levels brighter": filtered(lambda s: "lutyuv=y=val+3"),
        "another matrix": copied(**{"bsf:v": "av1_metadata=matrix_coefficients=5"}),
        "full range": copied(**{"bsf:v": "av1_metadata=color_range=pc"}),
        "chroma location": copied(**{"bsf:v": "av1_metadata=chroma_sample_position=colocated"}),
        "the clock in the pictures": copied(**{"bsf:v": "av1_metadata=tick_rate=10"}),
        "last frame missing": lambda s, path: copied(**{"frames:v": s.frames - 1})(s, path),
        "the header's level": rewritten(b"av1C", 5, lambda old, s: bytes([old[0] ^ 1]), 1),
        "in another format": filtered(lambda s: "null", **FINE_H264),
    },
}

PHONE_FAMILIES: dict[str, dict[str, Damage]] = {
    "uneven times, turned pictures, no sound": {
        "even times": copied(**{"bsf:v": "setts=ts=N*40/1000/TB"}),
        "one frame a millisecond later": copied(**{"bsf:v": "setts=pts=PTS+0.001/TB*eq(N\\,9)"}),
        "twice as fast": copied(**{"bsf:v": "setts=ts=TS/2"}),
        "a thousandth slower": copied(**{"bsf:v": "setts=ts=TS*1001/1000"}),
        "turned once more": rewritten(b"tkhd", 44, lambda old, s: (0x8000).to_bytes(4, "big"), 4),
        "the pictures upside down": filtered(lambda s: "hflip,vflip"),
        "another place": copied(metadata="location=+00.0000+000.0000/"),
        "another day": copied(**{"metadata:g": "creation_time=2001-01-01T00:00:00Z"}),
        "sound that was not there": lambda s, path: with_sound(s, path),
        "two frames swapped": shuffled(swapped_frames),
        "another range from the second keyframe on": told_anew("video_full_range_flag=1"),
        "another clock from the second keyframe on": told_anew("tick_rate=10"),
    },
}

INTERLACED_FAMILIES: dict[str, dict[str, Damage]] = {
    "fields": {
        "the other field first": filtered(lambda s: "setfield=bff", **{"x264-params": "bff=1"}),
        "told to be progressive": filtered(
            lambda s: "setfield=prog", **{"flags": "-ilme-ildct", "x264-params": ""}
        ),
        "deinterlaced": filtered(lambda s: "yadif", **{"flags": "-ilme-ildct", "x264-params": ""}),
        "fields exchanged": filtered(lambda s: "il=ls=1:cs=1"),
        "odd lines of a neighbour": filtered(
            lambda s: "tpad=start=1:start_mode=clone,tblend=all_expr='if(mod(Y,2),A,B)',setpts=PTS-STARTPTS"
        ),
        "one frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frame()})'"),
    },
}


def write_phone(clip: Path, source: Path) -> None:
    """The clip on its side, with frames at uneven times, and where and when it was taken."""
    upright = source.with_name("upright.mp4")
    one = from_file(clip)
    made = to_file(
        upright, one["v:0"], t=1.6, vf="scale=320:-4,fps=15,settb=1/90000,setpts=N*3600+mod(N\\,3)*450", fps_mode="vfr",
        **{**FINE_H264, "enc_time_base": "1:90000", "video_track_timescale": 90000},
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)
    tags = {
        "metadata:g:0": "creation_time=2024-05-01T10:00:00Z",
        "metadata:g:1": "location=+37.5665+126.9780/",
        "metadata:g:2": "make=Some",
    }
    turned = from_file(upright, display_rotation=90)
    made = to_file(source, turned["v"], c="copy", video_track_timescale=90000, **tags)
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def with_sound(scene: Scene, path: Path) -> None:
    """A track of sound that the source does not have."""
    import ffmpeg

    one, tone = from_file(scene.made), ffmpeg.input("sine=d=1", f="lavfi")
    made = to_file(path, one["v"], tone["a"], video_track_timescale=scene.ticks, **{"c:v": "copy"})
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def write_two_videos(clip: Path, source: Path) -> None:
    """The clip with a second video, telemetry that no decoder knows, and a cover."""
    import ffmpeg

    folder = source.parent
    cover, words, plain = folder / "cover.jpg", folder / "words.srt", folder / "plain.mp4"
    words.write_text(
        "1\n00:00:00,100 --> 00:00:00,400\nTelemetry\n\n2\n00:00:00,700 --> 00:00:01,200\nAgain\n"
    )
    run_ffmpeg(
        to_file(cover, from_file(clip)["v:0"], vf="scale=64:-2", vframes=1), timeout_seconds=TIMEOUT_SECONDS
    )
    rear = ffmpeg.input("testsrc2=s=96x64:r=15:d=1.6", f="lavfi")
    front = from_file(clip)["v:0"].filter("scale", 320, -4).filter("fps", 15)
    made = to_file(
        plain, front, rear["v"], from_file(words)["s"], from_file(cover)["v"], t=1.6,
        **{**FINE_H264, "c:v:2": "copy", "c:s": "mov_text", "disposition:v:0": "default", "disposition:v:1": "0"},
        **{"disposition:v:2": "attached_pic"},
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)
    source.write_bytes(plain.read_bytes().replace(b"sbtl", b"meta").replace(b"tx3g", b"gpmd"))


def with_other(place: str, what: str, **options: str) -> Damage:
    """Another stream in the place of one of these: v:1, the second video, or v:2, the cover."""

    def do(scene: Scene, path: Path) -> None:
        import ffmpeg

        whole = from_file(scene.made)
        other = ffmpeg.input(what, f="lavfi")["v"]
        streams = [other if name == place else whole[name] for name in scene.streams]
        made = to_file(
            path, *streams, video_track_timescale=scene.ticks, c="copy", **{**scene.kept, **options},
        )  # fmt: skip
        run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)

    return do


#: Flags of the videos, which ffmpeg gives anew.
TWO_VIDEOS = {
    "disposition:v:0": "default", "disposition:v:1": "0", "disposition:v:2": "attached_pic", "copy_unknown": None,
}  # fmt: skip

_WITH_COVER = {"disposition:v:0": "default", "disposition:v:1": "attached_pic", "copy_unknown": None}
_WITHOUT_COVER = {"disposition:v:0": "default", "disposition:v:1": "0", "copy_unknown": None}

TWO_VIDEOS_FAMILIES: dict[str, dict[str, Damage]] = {
    "other tracks": {
        "another second video": with_other(
            "v:1", "smptebars=s=96x64:r=15:d=1.6", **{"c:v:1": "libx264", "bf": "2"}
        ),
        "no second video": copied("v:0", "d:0", "v:2", **_WITH_COVER),
        "another cover": with_other("v:2", "smptebars=s=64x36:d=0.04", **{"c:v:2": "mjpeg"}),
        "no cover": copied("v:0", "v:1", "d:0", **_WITHOUT_COVER),
        "no telemetry": copied("v:0", "v:1", "v:2", **TWO_VIDEOS),
        "another number in the telemetry": rewritten(b"Telemetry", 0, lambda old, s: b"X", 1),
        "another name of the telemetry": lambda s, path: path.write_bytes(
            s.made.read_bytes().replace(b"gpmd", b"gpmx")
        ),
        "telemetry later": copied(**{"bsf:d:0": "setts=ts=TS+100"}),
    }
}
