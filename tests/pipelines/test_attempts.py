"""Which task is tried when: one whose worker died twice is tried alone."""

from works import Number

from algok.pipelines.executors import Outcome
from algok.pipelines.executors.attempts import ATTEMPTS, Attempts

A, B, C = Number("a", 1), Number("b", 2), Number("c", 3)


def death(task: Number) -> Outcome:
    return Outcome(task, "killed", transient=True, died=True)


def test_what_died_twice_waits_until_nothing_else_runs():
    attempts = Attempts([A, B])
    assert attempts.next() is A
    attempts.judged(death(A))
    assert attempts.next() is B and attempts.next() is A  # once is chance: beside others
    attempts.judged(death(A))
    assert attempts and not attempts.ready and not attempts.lone  # B runs
    attempts.judged(Outcome(B))
    assert attempts.ready and attempts.lone and attempts.next() is A
    assert not attempts.lone


def test_nothing_begins_beside_one_that_is_alone():
    attempts = Attempts([A, C])
    for task in (A, C, A, C):
        assert attempts.next() is task
        attempts.judged(death(task))
    assert attempts.next() is A and len(attempts) == 1 and not attempts.ready
    attempts.judged(Outcome(A))
    assert attempts.ready and attempts.next() is C


def test_a_lost_node_or_network_makes_nobody_lonely():
    attempts = Attempts([A, B])
    for _ in range(4):
        assert attempts.next() is A and attempts.next() is B
        attempts.judged(Outcome(A, "its node is gone", transient=True))
        attempts.judged(Outcome(B, "its node is gone", transient=True))
    assert attempts.ready and not attempts.lone


def test_deaths_end_as_other_failures_do():
    attempts, ends = Attempts([A]), []
    while attempts.ready:
        ends.append(attempts.judged(death(attempts.next())).again)
    assert ends == [True] * (ATTEMPTS - 1) + [False]
