"""The parts of the suite, each of which can be run alone."""
