"""How good the engine sounds, in figures: unmaster and recover, do no harm, real pairs.

The meters here share no code with ``dsp``, so that an error there cannot hide itself.
"""
