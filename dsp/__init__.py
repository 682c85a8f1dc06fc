"""Lacquer's sound engine: pure functions of audio.

Conventions
-----------
Audio is an :class:`dsp.audio.Audio`: ``float32`` samples shaped ``(channels, frames)``, one or
two channels, full scale ±1.0, with its rate in Hz. Other layouts exist only inside
:mod:`dsp.files`. Sums, recursive filters and statistics are kept in ``float64``.

Every level, time or frequency carries its unit in its name: ``_db``, ``_dbfs``, ``_dbtp``,
``_lufs``, ``_lu``, ``_hz``, ``_ms``, ``_seconds``, ``_frames``. Frequencies of bands are their
centres.

Nothing here knows of Django, the network or the time of day, and only :mod:`dsp.files` and
:mod:`dsp.box` touch a disk or a process. The same input, settings and engine version give the
same bytes.

Where to start: :func:`dsp.chain.master` is the order of the stages; :func:`dsp.measure.measure`
is every number that is shown or matched; ``python -m dsp --help`` is all of it without a site.
"""
