"""The listening desk without a sound card: rendered by an OfflineAudioContext, and measured."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit

# What every script below begins with: a desk of two tracks, and the sound that comes out of it.
SCENE = """
const {Decoded, Desk, patched} = await import("/static/js/listening-desk.js");
const made = (rate, seconds, wave) => {
  const length = Math.round(rate * seconds);
  const buffer = new AudioBuffer({length, numberOfChannels: 2, sampleRate: rate});
  const sound = Float32Array.from({length}, (_, i) => wave(i));
  for (const side of [0, 1]) buffer.copyToChannel(sound, side);
  return buffer;
};
const noise = (seed) => {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 32;
};
const sine = (rate, hz, gain) => (i) => gain * Math.sin((2 * Math.PI * hz * i) / rate);
const desk = (context, seconds, tracks) => {
  const desk = new Desk(context, new Decoded(context, seconds));
  desk.volume.gain.value = 1;
  const entries = Object.entries(tracks);
  entries.forEach(([key, buffer], index) => desk.add(key, {buffer}, index ? 0 : 1));
  return desk;
};
const rendered = async (context, acts) => {
  for (const [moment, act] of acts) {
    context.suspend(moment).then(() => { act(); context.resume(); });
  }
  return (await context.startRendering()).getChannelData(0);
};
const largest = (from, to, value) => {
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, Math.abs(value(i)));
  return most;
};
const steepest = (sound) => largest(1, sound.length, (i) => sound[i] - sound[i - 1]);
"""


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("/account/login/")


def run(page: Page, script: str, **values: float) -> dict[str, float]:
    result: dict[str, float] = page.evaluate(f"async (given) => {{{SCENE}{script}}}", values)
    return result


def test_over_ten_minutes_of_switching_no_track_drifts_by_a_sample(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 8000, seconds = 600;
        const context = new OfflineAudioContext(1, rate * seconds, rate);
        const [original, master] = [1, 2].map((seed) => made(rate, seconds, noise(seed)));
        const tracks = {original, master};
        const mixed = desk(context, seconds, tracks);
        mixed.transport.start(0, null);
        const moments = [];
        for (let at = 13.7; at < seconds - 1; at += 19.3) moments.push(at);
        const keys = moments.map((_, i) => (i % 2 ? "original" : "master"));
        const acts = moments.map((at, i) => [at, () => mixed.mix({[keys[i]]: 1})]);
        const sound = await rendered(context, acts);
        const delay = Math.ceil(0.005 * rate - 1e-6);
        const worst = {at: 0, before: 2, after: 2};
        moments.forEach((at, i) => {
          const expected = tracks[keys[i]].getChannelData(0);
          const first = Math.round((at + 0.1) * rate);
          for (const [name, lag] of [["at", 0], ["before", -1], ["after", 1]]) {
            const error = largest(first, first + 2000, (j) => sound[j] - expected[j - delay + lag]);
            worst[name] = (name === "at" ? Math.max : Math.min)(worst[name], error);
          }
        });
        return {...worst, switches: moments.length};
        """,
    )
    assert told["switches"] > 25
    assert told["at"] < 1e-6
    assert min(told["before"], told["after"]) > 0.1  # a sample earlier or later would be seen


def test_a_switch_has_equal_power_and_no_step_larger_than_its_fade_allows(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100, seconds = 1;
        const context = new OfflineAudioContext(2, rate * seconds, rate);
        // The worst that can be: the other track is the same upside down.
        const [original, master] = [1, -1].map((gain) => made(rate, seconds, sine(rate, 60, gain)));
        const mixed = desk(context, seconds, {original, master});
        mixed.transport.start(0, null);
        const sound = await rendered(context, [
          [0.25, () => mixed.mix({master: 1})],
          [0.5, () => mixed.mix({original: 1})],
          [0.507, () => mixed.mix({master: 1})], // in the midst of the fade before
        ]);
        return {step: steepest(sound)};
        """,
    )
    natural = 2 * 3.1416 * 60 / 44_100
    fading = 2 * (3.1416 / 2) / (0.015 * 44_100)  # both gains at their fastest
    assert told["step"] <= 1.4143 * natural + fading
    powers = run(
        page,
        """
        const rate = 44100, seconds = 1;
        const gains = [];
        for (const heard of [0, 1]) { // a track of ones beside a track of nothing shows its gain
          const context = new OfflineAudioContext(2, rate, rate);
          const [original, master] = [0, 1].map((track) => made(rate, 1, () => +(track === heard)));
          const mixed = desk(context, seconds, {original, master});
          mixed.transport.start(0, null);
          gains.push(await rendered(context, [[0.5, () => mixed.mix({master: 1})]]));
        }
        const around = gains.map((gain) => [...gain.slice(22000, 23000)]);
        const power = around[0].map((gain, i) => gain ** 2 + around[1][i] ** 2);
        const fading = around[1].filter((gain) => gain > 0.001 && gain < 0.999);
        return {least: Math.min(...power), most: Math.max(...power), length: fading.length / rate};
        """,
    )
    assert powers["least"] == pytest.approx(1.0, abs=0.01)
    assert powers["most"] == pytest.approx(1.0, abs=0.01)
    assert 0.010 <= powers["length"] <= 0.020


def test_a_jump_to_another_place_makes_no_click(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100, seconds = 1, context = new OfflineAudioContext(2, rate, rate);
        const mixed = desk(context, seconds, {original: made(rate, seconds, sine(rate, 60, 1))});
        mixed.transport.start(0, null);
        const sound = await rendered(context, [[0.3, () => mixed.transport.start(0.771, null)]]);
        return {step: steepest(sound)};
        """,
    )
    assert told["step"] <= 2 * 3.1416 * 60 / 44_100 + 2 / (0.008 * 44_100)


def test_a_loop_repeats_exactly(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100, seconds = 5, context = new OfflineAudioContext(2, rate * seconds, rate);
        const track = made(rate, seconds, noise(3));
        const mixed = desk(context, seconds, {original: track});
        mixed.transport.start(1.00001, {start: 1.00001, end: 1.50003});
        const sound = await rendered(context, []);
        const expected = track.getChannelData(0);
        const delay = Math.ceil(0.005 * rate - 1e-6);
        const first = Math.ceil(1.00001 * rate), length = Math.ceil(1.50003 * rate) - first;
        const error = (i) => sound[i + delay] - expected[first + (i % length)];
        return {error: largest(2 * length, 8 * length, error)};
        """,
    )
    assert told["error"] < 1e-6


def test_other_sound_takes_over_at_the_same_place_without_a_gap(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100, seconds = 1, context = new OfflineAudioContext(2, rate, rate);
        const same = () => made(rate, seconds, noise(5));
        const mixed = desk(context, seconds, {original: same()});
        mixed.transport.start(0, null);
        const take = () => mixed.transport.replace("original", {buffer: same()});
        const sound = await rendered(context, [[0.4, take]]);
        const expected = same().getChannelData(0), delay = Math.ceil(0.005 * rate - 1e-6);
        return {error: largest(1000, rate - 10, (i) => sound[i] - expected[i - delay])};
        """,
    )
    assert told["error"] < 1e-6


def test_a_part_is_put_into_a_track_where_it_belongs_and_nowhere_else(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100;
        const whole = made(rate, 1, sine(rate, 60, 0.5)), part = made(rate, 0.4, () => 0.25);
        const both = patched(whole, part, 0.3).getChannelData(1);
        const before = whole.getChannelData(1);
        const moved = (i) => both[i] - before[i];
        return {
          outside: Math.max(largest(0, 13230, moved), largest(30870, rate, moved)),
          inside: largest(14000, 30000, (i) => both[i] - 0.25),
          step: steepest(both),
        };
        """,
    )
    assert told["outside"] == told["inside"] == 0.0
    assert told["step"] < 2 * 3.1416 * 60 / 44_100 + 0.75 / (0.015 * 44_100) + 1e-3


def test_the_difference_of_a_track_and_itself_is_silence(page: Page) -> None:
    told = run(
        page,
        """
        const rate = 44100, seconds = 1, context = new OfflineAudioContext(2, rate, rate);
        const [original, master] = [7, 7].map((seed) => made(rate, seconds, noise(seed)));
        const mixed = desk(context, seconds, {original, master});
        mixed.transport.start(0, null);
        const subtract = () => mixed.mix({original: -0.8, master: 0.8});
        const sound = await rendered(context, [[0.2, subtract]]);
        return {left: largest(0.3 * rate, sound.length, (i) => sound[i])};
        """,
    )
    assert told["left"] == 0.0
