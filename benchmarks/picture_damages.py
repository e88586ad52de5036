"""Damage to the pictures of an output, for verify_damage.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from damage_scene import (
    TIMEOUT_SECONDS,
    Damage,
    Scene,
    filtered,
    packets_of,
)

from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file


def some(low: float, high: float) -> Callable[[Scene], float]:
    """A number from `low` to `high`, to either side."""
    return lambda scene: scene.chance.choice((-1, 1)) * scene.chance.uniform(low, high)


def shuffled(order: Callable[[Scene], list[int]]) -> Damage:
    """The frames in another order, at the old times."""
    return filtered(lambda scene: f"shuffleframes={' '.join(map(str, order(scene)))}")


def in_box(what: Callable[[Scene], str], *, detailed: bool = False) -> Damage:
    """A filter over a part of every frame; detailed : one with something in it."""

    def words(scene: Scene) -> str:
        left, top, width, height = scene.most_detailed(scene.box, 12) if detailed else scene.box()
        inner = f"[b]crop={width}:{height}:{left}:{top},{what(scene)}[c]"
        return f"split[a][b];{inner};[a][c]overlay={left}:{top}:format=auto"

    return filtered(words)


def painted(scene: Scene, when: str = "1") -> str:
    """A filled box of any colour."""
    left, top, width, height = scene.box()
    colour = f"0x{scene.chance.randrange(1 << 24):06x}"
    return f"drawbox=x={left}:y={top}:w={width}:h={height}:t=fill:color={colour}:enable='{when}'"


def swapped_frames(scene: Scene) -> list[int]:
    """Two frames that follow each other, exchanged."""
    order, at = list(range(scene.frames)), scene.frame()
    order[at], order[at + 1] = order[at + 1], order[at]
    return order


def repeated_frame(scene: Scene) -> list[int]:
    """A frame twice, the next one not at all."""
    order, at = list(range(scene.frames)), scene.frame()
    order[at + 1] = order[at]
    return order


def frozen(scene: Scene) -> list[int]:
    """A frame held for a while."""
    order, at = list(range(scene.frames)), scene.frame()
    stop = min(at + scene.chance.randint(4, 12), scene.frames)
    order[at:stop] = [at] * (stop - at)
    return order


def far_exchanged(scene: Scene) -> list[int]:
    """Two frames far from each other, exchanged."""
    order, at = list(range(scene.frames)), scene.frame()
    other = (at + scene.frames // 2) % scene.frames
    order[at], order[other] = order[other], order[at]
    return order


def laid_over(what: str) -> Damage:
    """One frame through a filter."""
    return filtered(
        lambda s: f"split[a][b];[b]{what}[c];[a][c]overlay=format=auto:enable='eq(n,{s.frame()})'"
    )


def without_masks(scene: Scene, path: Path) -> None:
    """The pictures of the source, and the rest of the output."""
    source, rest = from_file(scene.source), from_file(scene.made)
    made = to_file(
        path, source["v:0"], *(rest[name] for name in scene.streams if name != "v"), c="copy",
        video_track_timescale=scene.ticks, **scene.kept,
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def with_a_piece_of_the_source(scene: Scene, path: Path) -> None:
    """The middle of the pictures is the source's, without a mask."""
    source, rest = from_file(scene.source), from_file(scene.made)
    width, height = scene.width // 4 * 2, scene.height // 4 * 2
    piece = source["v:0"].filter("crop", width, height)
    made = to_file(
        path, rest["v"].overlay(piece, x="(W-w)/2", y="(H-h)/2"),
        *(rest[name] for name in scene.streams if name != "v"),
        **{"c": "copy", **scene.encode, **scene.kept}, fps_mode="passthrough", enc_time_base=f"1:{scene.ticks}",
        video_track_timescale=scene.ticks,
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def flipped(scene: Scene, path: Path) -> None:
    """Some bytes of one video packet are others."""
    import av

    content = bytearray(scene.made.read_bytes())
    with av.open(str(scene.made)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size > 400]
        at = scene.chance.choice(packets)
        for _ in range(20):
            content[(at.pos or 0) + scene.chance.randrange(20, at.size)] ^= scene.chance.randrange(1, 256)
    path.write_bytes(content)


def doubled_packet(scene: Scene, path: Path) -> None:
    """A packet of the video is overwritten by the one before, as far as there is room."""
    content = bytearray(scene.made.read_bytes())
    packets = packets_of(scene, "video")
    number = scene.frame()
    (before, length), (at, size) = packets[number - 1], packets[number]
    room = min(length, size)
    content[at : at + room] = content[before : before + room]
    path.write_bytes(content)


def with_a_frame_of_the_source(scene: Scene, path: Path) -> None:
    """One frame is the source's."""
    source, rest = from_file(scene.source), from_file(scene.made)
    made = to_file(
        path, rest["v"].overlay(source["v:0"], enable=f"eq(n,{scene.frame()})"),
        *(rest[name] for name in scene.streams if name != "v"),
        **{"c": "copy", **scene.encode, **scene.kept}, fps_mode="passthrough", enc_time_base=f"1:{scene.ticks}",
        video_track_timescale=scene.ticks,
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


FAMILIES: dict[str, dict[str, Damage]] = {
    "the whole film": {
        "all colour gone": filtered(lambda s: "hue=s=0"),
        "U and V exchanged": filtered(lambda s: "swapuv"),
        "another hue": filtered(lambda s: f"hue=h={some(8, 40)(s):.0f}"),
        "another saturation": filtered(lambda s: f"hue=s={s.chance.choice((0.5, 0.8, 1.25, 1.6))}"),
        "brighter or darker": filtered(lambda s: f"eq=brightness={some(0.01, 0.08)(s):.3f}"),
        "another gamma": filtered(lambda s: f"eq=gamma={s.chance.choice((0.8, 0.93, 1.08, 1.3))}"),
        "another contrast": filtered(lambda s: f"eq=contrast={s.chance.choice((0.8, 0.93, 1.08, 1.2))}"),
        "negative": filtered(lambda s: "negate"),
        "three levels brighter": filtered(lambda s: "lutyuv=y=val+3"),
        "blurred": filtered(lambda s: f"gblur=sigma={s.chance.uniform(1.2, 4):.1f}"),
        "sharpened": filtered(lambda s: "unsharp=5:5:1.5"),
        "noise": filtered(lambda s: f"noise=alls={s.chance.randint(12, 30)}:allf=t"),
        "low bitrate": filtered(lambda s: "null", **{"crf": 42}),
        "median filter": filtered(lambda s: "median=radius=2:planes=1"),
        "denoised": filtered(lambda s: "hqdn3d=6"),
        "denoised by another filter": filtered(lambda s: "nlmeans=s=2:p=5:r=5"),
        "denoised in time": filtered(lambda s: "atadenoise=0a=0.1:0b=0.2:s=5"),
        "smoothed but for edges": filtered(lambda s: "bilateral=sigmaS=3:sigmaR=0.05"),
        "a level of red": filtered(lambda s: "lutyuv=v=val+1"),
        "a little more contrast": filtered(lambda s: "eq=contrast=1.02"),
        "highlights cut off": filtered(lambda s: "lutyuv=y='clip(val,16,180)'"),
        "shadows lifted": filtered(lambda s: "curves=all='0/0.05 0.3/0.32 1/1'"),
        "warmer": filtered(lambda s: "colorbalance=rm=0.05:bm=-0.05"),
        "a static grain": filtered(lambda s: "noise=c0s=5:c0f=p"),
        "a tenth of a degree": filtered(lambda s: "rotate=0.1*PI/180"),
        "a barrel": filtered(lambda s: "lenscorrection=k1=0.01"),
        "a hundredth larger": filtered(
            lambda s: f"scale={int(s.width * 1.01) // 2 * 2}:-2,crop={s.width}:{s.height}"
        ),
        "a pixel aside": filtered(lambda s: f"scroll=hpos={1 / s.width}"),
        "odd rows of a neighbour": filtered(
            lambda s: "tpad=start=1:start_mode=clone,tblend=all_expr='if(mod(Y,2),A,B)',setpts=PTS-STARTPTS"
        ),
        "a quarter of the chroma": filtered(lambda s: "format=yuv410p,format=yuv420p"),
        "a checker of two levels": filtered(
            lambda s: "geq=lum='lum(X,Y)+if(mod(X+Y,2),2,-2)':cb='cb(X,Y)':cr='cr(X,Y)'"
        ),
        "64 levels": filtered(lambda s: "lutyuv=y='bitand(val,252)'"),
        "BT.601's numbers": filtered(lambda s: "colormatrix=bt709:bt601"),
        "squeezed to limited range": filtered(lambda s: "lutyuv=y=16+val*219/255:u=128+(val-128)*224/255"),
        "a drift of brightness": filtered(lambda s: f"eq=brightness='0.06*n/{s.frames}':eval=frame"),
        "darker in the corners": filtered(lambda s: "vignette=PI/8"),
        "darker towards the end": filtered(lambda s: f"fade=out:{s.frames - 8}:16"),
        "chroma of half the size": filtered(
            lambda s: "split=2[a][b];[b]scale=iw/4:ih/4,scale=iw*4:ih*4[c];[a][c]mergeplanes=0x001112:yuv420p"
        ),
        "chroma moved by two pixels": filtered(lambda s: "chromashift=cbh=1:crh=1"),
        "mirrored": filtered(lambda s: "hflip"),
        "upside down": filtered(lambda s: "vflip"),
        "turned by a degree": filtered(lambda s: f"rotate={some(0.5, 2)(s):.2f}*PI/180"),
        "moved by a few pixels": filtered(lambda s: f"scroll=hpos={s.chance.choice((2, 4, 8)) / s.width}"),
        "cropped and scaled back": filtered(lambda s: f"crop=iw*0.96:ih*0.96,scale={s.width}:{s.height}"),
        "rows exchanged in pairs": filtered(lambda s: "il=ls=1:cs=1"),
        "each frame mixed with the one before": filtered(lambda s: "tmix=frames=2:weights='1 3'"),
        "the source's pictures, without a mask": without_masks,
    },
    "a place in every frame": {
        "a region painted over in every frame": filtered(painted),
        "a faint logo": filtered(lambda s: painted(s).replace(":enable", "@0.3:enable")),
        "a region of another hue": in_box(lambda s: f"hue=h={some(20, 90)(s):.0f}"),
        "a region of another brightness": in_box(lambda s: f"eq=brightness={some(0.05, 0.2)(s):.3f}"),
        "a region blurred": in_box(lambda s: f"gblur=sigma={s.chance.uniform(2, 8):.1f}", detailed=True),
        "a place of 24x8 px blurred": filtered(
            lambda s: "split[a][b];[b]crop=24:8:{0}:{1},gblur=sigma=3[c];[a][c]overlay={0}:{1}".format(
                *s.most_detailed(s.small_box, 200)
            )
        ),
        "a region in large pixels": in_box(lambda s: "pixelize=w=16:h=16"),
        "a region mirrored": in_box(lambda s: "hflip"),
        "one object's mask away": with_a_piece_of_the_source,
        "a grid over all": filtered(lambda s: "drawgrid=w=32:h=32:t=1:color=white@0.06"),
        "a place held still": in_box(lambda s: f"loop=loop=-1:size=1:start=0,trim=end_frame={s.frames}"),
        "a place of another contrast": in_box(lambda s: "eq=contrast=1.3", detailed=True),
        "the last row black": filtered(lambda s: f"drawbox=x=0:y={s.height - 2}:w=iw:h=2:t=fill:color=black"),
        "the last columns smeared": filtered(lambda s: "fillborders=right=4:mode=smear"),
        "a line of a pixel in every frame": filtered(
            lambda s: f"drawbox=x=0:y={s.chance.randrange(4, s.height - 4)}:w=iw:h=1:t=fill:color=white@0.5"
        ),
        "a tint like a mask where none is": filtered(lambda s: painted(s).replace(":enable", "@0.45:enable")),
    },
    "single frames": {
        "one frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frame()})'"),
        "one frame grey": filtered(lambda s: f"hue=s=0:enable='eq(n,{s.frame()})'"),
        "the first frame black": filtered(lambda s: "drawbox=t=fill:color=black:enable='eq(n,0)'"),
        "the last frame black": filtered(
            lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frames - 1})'"
        ),
        "one frame three levels brighter": filtered(lambda s: f"lutyuv=y=val+3:enable='eq(n,{s.frame()})'"),
        "one frame two levels darker": filtered(lambda s: f"lutyuv=y=val-2:enable='eq(n,{s.frame()})'"),
        "one frame of another hue": filtered(lambda s: f"hue=h=30:enable='eq(n,{s.frame()})'"),
        "one frame mirrored": laid_over("hflip"),
        "one frame a pixel aside": laid_over("crop=iw-2:ih:2:0,pad=iw+2:ih:0:0"),
        "one frame blurred": laid_over("gblur=sigma=2"),
        "a region painted over in one frame": filtered(lambda s: painted(s, f"eq(n,{s.frame()})")),
        "a small block in one frame": filtered(
            lambda s: f"drawbox=x=96:y=96:w=16:h=16:t=fill:color=gray:enable='eq(n,{s.frame()})'"
        ),
        "a place without colour in one frame": filtered(
            lambda s: (
                "split[a][b];[b]crop={2}:{3}:{0}:{1},hue=s=0[c];[a][c]overlay={0}:{1}:enable='eq(n,{4})'".format(
                    *s.box(), s.frame()
                )
            )
        ),
        "a macroblock four pixels aside in one frame": filtered(
            lambda s: (
                "split[a][b];[b]crop=16:16:{0}:{1}[c];[a][c]overlay={0}+4:{1}:enable='eq(n,{2})'".format(
                    *s.most_detailed(s.small_box, 200)[:2], s.frame()
                )
            )
        ),
        "a tint like a mask in one frame": filtered(
            lambda s: painted(s, f"eq(n,{s.frame()})").replace(":enable", "@0.45:enable")
        ),
        "colours exchanged in one frame": laid_over("swapuv"),
        "one frame without masks": with_a_frame_of_the_source,
        "one frame of a lower quality": laid_over("scale=iw/2:-2,scale=2*iw:-2"),
        "one frame with chroma aside": laid_over("chromashift=cbh=2:crh=2"),
        "two frames mixed": filtered(lambda s: f"tmix=frames=2:enable='eq(n,{s.frame()})'"),
        "bytes of a packet": flipped,
    },
    "order of frames": {
        "two frames swapped": shuffled(swapped_frames),
        "the last two frames swapped": shuffled(lambda s: [*range(s.frames - 2), s.frames - 1, s.frames - 2]),
        "two far frames exchanged": shuffled(far_exchanged),
        "a frame twice, the next gone": shuffled(repeated_frame),
        "the first frame twice, the last gone": shuffled(lambda s: [0, *range(s.frames - 1)]),
        "a frame held": shuffled(frozen),
        "backwards": shuffled(lambda s: list(range(s.frames))[::-1]),
        "a frame's packet twice": doubled_packet,
    },
}
