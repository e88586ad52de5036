from __future__ import annotations

import dataclasses
import re

import pytest

from pipeline.errors import UsageError
from pipeline.weights.catalog import catalog, find
from pipeline.weights.label_maps import LABEL_MAPS, label_map


def test_catalog_holds_the_published_weights_and_the_embedded_ones():
    assert [entry.name for entry in catalog()] == [
        "dashcam-lite",
        "dashcam-open",
        "torchvision-r50-fpn",
        "torchvision-r50-fpn-v2",
        "matterport-r101-fpn",
        "tf1-inception-v2",
        "tf1-resnet50-atrous",
        "tf1-resnet101-atrous",
        "tf1-inception-resnet-v2-atrous",
        "tf2-inception-resnet-v2",
    ]


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.name)
def test_entry_is_consistent(entry):
    assert entry.label_map in LABEL_MAPS
    assert entry.licence
    assert entry.licence_source
    assert entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert entry.sha256_prefix is None or f"-{entry.sha256_prefix}." in entry.file_name
    assert (entry.mask_ap is None and entry.box_ap is None) or entry.ap_source
    if entry.url is not None:
        assert entry.url.rsplit("/", 1)[1] == entry.file_name
    if entry.file_name.endswith(".tar.gz"):
        assert entry.member is not None
        assert entry.member.startswith(entry.file_name.removesuffix(".tar.gz") + "/")
    else:
        assert entry.member is None


def test_reported_mask_ap_is_the_publishers():
    assert find("torchvision-r50-fpn").mask_ap == 34.6
    assert find("torchvision-r50-fpn-v2").mask_ap == 41.8
    assert find("matterport-r101-fpn").box_ap == 34.7
    assert find("tf1-inception-v2").mask_ap == 21.5
    assert find("tf2-inception-resnet-v2").mask_ap == 34.6


def test_digest_is_as_long_as_it_is_known():
    assert find("torchvision-r50-fpn").digest == "bf2d0c1e"
    assert len(find("torchvision-r50-fpn-v2").digest) == 64
    assert find("matterport-r101-fpn").digest is None


def test_embedded_weights_are_available_only_once_their_file_is_there(tmp_path, monkeypatch):
    entry = find("dashcam-lite")
    monkeypatch.setattr("pipeline.weights.catalog.DATA", tmp_path)
    assert not entry.available
    (tmp_path / "dashcam-lite.safetensors").write_bytes(b"weights")
    assert entry.available


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        find("torchvision-r50-fpn-v3")
    assert caught.value.do == "did you mean 'torchvision-r50-fpn-v2'?"
    assert caught.value.exit_code == 2


def test_a_digest_that_contradicts_the_file_name_is_rejected():
    with pytest.raises(ValueError, match="does not begin with 00000000"):
        dataclasses.replace(find("torchvision-r50-fpn-v2"), sha256_prefix="00000000")


def test_label_maps_name_the_ids_of_their_networks():
    coco, matterport, dashcam = (label_map(name) for name in ("coco91", "coco80", "dashcam8"))
    assert len(coco) == len(matterport) == 80
    assert (coco[13], coco[90]) == ("stop sign", "toothbrush")
    assert {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}.isdisjoint(coco)
    assert (matterport[12], matterport[80]) == ("stop sign", "toothbrush")
    assert list(matterport) == list(range(1, 81))
    assert dict(dashcam) == {
        1: "person",
        2: "bicycle",
        3: "car",
        4: "motorcycle",
        6: "bus",
        8: "truck",
        10: "traffic light",
        13: "stop sign",
    }


def test_unknown_label_map_lists_the_known_ones():
    with pytest.raises(UsageError, match="coco91, coco80, dashcam8"):
        label_map("voc20")
