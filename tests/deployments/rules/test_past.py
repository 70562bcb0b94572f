"""What was deployed within 90 days, in numbers and as a picture."""

from datetime import UTC, datetime, timedelta

from deployments.rules.past import DAYS, Outcome, PastDeploy, past

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def ended(outcome: Outcome = Outcome.SUCCEEDED, *, days_ago: float = 0, **more: timedelta) -> PastDeploy:
    return PastDeploy(outcome=outcome, at=NOW - timedelta(days=days_ago), **more)


def test_each_outcome_is_counted() -> None:
    found = past([ended(), ended(days_ago=3), ended(Outcome.FAILED), ended(Outcome.ROLLED_BACK)], now=NOW)

    assert found.summary == "4 deploys in the last 90 days: 2 succeeded, 1 failed, 1 rolled back."
    assert set(found.paths) == {"succeeded", "failed", "rolled_back"}


def test_what_lies_further_back_does_not_count() -> None:
    found = past([ended(days_ago=DAYS), ended(days_ago=-1)], now=NOW)

    assert (found.summary, found.paths) == ("No deploys in the last 90 days.", {})


def test_today_is_at_the_right_edge_and_the_oldest_day_at_the_left() -> None:
    found = past([ended(days_ago=0.1), ended(days_ago=DAYS - 0.1)], now=NOW)

    assert found.paths["succeeded"] == "M358 23v-5M2 23v-5"


def test_failures_hang_below_the_line_and_many_on_a_day_stay_within_the_picture() -> None:
    found = past([ended(Outcome.FAILED)] * 50, now=NOW)

    assert found.paths["failed"] == "M358 25v20"


def test_the_usual_times_are_medians() -> None:
    minutes = [timedelta(minutes=each) for each in (1, 2, 60)]

    found = past([ended(took=each, lead=10 * each) for each in minutes], now=NOW)

    assert (found.typical, found.lead) == ("2 minutes", "20 minutes")


def test_a_commit_that_claims_to_come_from_the_future_says_nothing_of_the_usual_time() -> None:
    found = past([ended(lead=timedelta(days=-9))], now=NOW)

    assert (found.typical, found.lead) == ("", "")
