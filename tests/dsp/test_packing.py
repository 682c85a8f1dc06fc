import numpy as np
import pytest

from dsp.files.packing import packed


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 5, 8_192])
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("big_endian", [True, False])
def test_integers_lie_interleaved_in_as_many_bytes_as_they_need(channels, frames, bits, big_endian):
    most = 2 ** (bits - 1)
    words = np.random.default_rng(frames).integers(-most, most, (channels, frames), dtype=np.int32)
    whole = [int(word).to_bytes(bits // 8, "little", signed=True) for word in words.T.ravel()]
    expected = b"".join(octets[::-1] if big_endian else octets for octets in whole)
    assert bytes(packed(words, bits, big_endian=big_endian)) == expected
