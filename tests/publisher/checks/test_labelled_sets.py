"""Every check states what it came to on a labelled set."""

from publisher.checks.all_checks import CHECKS


def test_every_check_publishes_precision_recall_size_and_date() -> None:
    for check in CHECKS:
        own = check.labelled_set
        assert own is not None, check.code
        assert own.positives
        assert own.negatives
        assert 0 < float(own.precision) <= 1 >= float(own.recall) > 0
        assert own.description.zh
        assert own.description.en
