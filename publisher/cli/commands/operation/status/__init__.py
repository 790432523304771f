"""The parts of the report of ``qingdan status``."""
