"""What the benchmarks do without a server: make figures of runs, and show them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.capacity.model import Costs, Demand, needs
from benchmarks.harness import plan, plot, redis_cost, table, tokens
from benchmarks.harness.figures import Latency, PathResult, Repetition, ratio, summaries, summarize
from benchmarks.harness.measuring import paced
from benchmarks.harness.pacer import Pacer, Speed
from benchmarks.harness.pages import replace_part
from benchmarks.soak.judging import complaints
from benchmarks.soak.windows import Window

TITLES = {"jwks": "JWKS"}
SERVERS = {"gatehouse": "Gatehouse", "limit": "limit (bare)"}
KEY = ec.generate_private_key(ec.SECP256R1())
JWKS = {
    "keys": [
        jwt.get_algorithm_by_name("ES256").to_jwk(KEY.public_key(), as_dict=True)
        | {"kid": "k", "alg": "ES256"}
    ]
}


ONE = Speed(1, 1)


def repetition(operations: int, speed: Speed = ONE, errors: int = 0) -> Repetition:
    return Repetition(2.0, operations, errors, speed, cpu_seconds=1.0)


def token(subject: str, *, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    return jwt.encode({"sub": subject}, key, "ES256", headers={"kid": "k"})


def test_a_rate_is_what_it_would_be_at_the_reference_speed() -> None:
    summary = summarize(
        [repetition(200, Speed(0.5, 1)), repetition(400), repetition(900, Speed(2, 1))], ONE
    )

    assert (summary.lowest, summary.median, summary.highest) == (200, 200, 225)
    assert summary.spread == pytest.approx(0.0625)


def test_the_cost_of_an_operation_is_corrected_the_other_way() -> None:
    slow_core = summarize([repetition(1000, Speed(1, 0.5))], ONE)

    assert slow_core.cpu_us == pytest.approx(500)
    assert slow_core.busy == 0.5


def test_the_reference_is_the_middle_of_all_speeds() -> None:
    pacer = Pacer(speeds=[Speed(1, 4), Speed(2, 6), Speed(9, 5)])

    assert pacer.reference == Speed(2, 5)
    assert pacer.range() == "from 0.50 to 4.50 times its median speed"
    assert Speed(1, 2).between(Speed(3, 6)) == Speed(2, 4)


def test_a_ratio_needs_both() -> None:
    one, two = summarize([repetition(100)], ONE), summarize([repetition(200)], ONE)

    assert ratio(two, one) == 2
    assert ratio(one, None) is None
    assert ratio(None, one) is None


def test_the_table_shows_errors_and_absent_paths() -> None:
    results = {
        "jwks": {
            "gatehouse": PathResult([repetition(3000), repetition(2000, errors=2)]),
            "limit": PathResult([]),
        }
    }

    rows = table.rates(results, ONE, TITLES, SERVERS)

    assert rows[1] == ["JWKS", "1,250 ±20% (2 ERRORS)", "-", "-"]
    assert table.text(rows).splitlines()[1].startswith("---")
    assert table.markdown(rows).splitlines()[1] == "|---|---:|---:|---:|"


def test_the_table_says_where_a_target_is_not_reached() -> None:
    results = {
        "jwks": {
            "gatehouse": PathResult([repetition(4000)]),
            "limit": PathResult([repetition(8000)]),
            "node-oidc-provider": PathResult([repetition(1000)]),
        }
    }
    servers = SERVERS | {"node-oidc-provider": "node 9"}

    rows = table.rates(results, ONE, TITLES, servers)

    assert rows[0][-2:] == ["against limit", "against node"]
    assert rows[1][-2:] == ["0.50x (under 0.65x)", "4.00x"]


def test_the_table_says_where_our_p99_is_too_far_from_p50() -> None:
    slow = PathResult([repetition(100)], latency=Latency(50, 1.0, 3.1))
    quick = PathResult([repetition(100)], latency=Latency(50, 1.0, 3.0))
    for ours, said in ((slow, "3.10 (over 3x p50)"), (quick, "3.00")):
        rows = table.costs({"jwks": {"gatehouse": ours, "limit": slow}}, ONE, TITLES, SERVERS)
        assert [row[5] for row in rows] == ["p99 ms", said, "3.10"]


def test_a_server_with_time_to_spare_is_marked() -> None:
    results = {"jwks": {"gatehouse": PathResult([repetition(3000)])}}

    assert table.costs(results, ONE, TITLES, SERVERS)[1][3] == "50% *"


def test_the_plot_has_a_bar_for_each_server() -> None:
    results = {"jwks": {name: PathResult([repetition(3000)]) for name in SERVERS}}

    drawing = ElementTree.fromstring(plot.bars("<x>", summaries(results, ONE), TITLES, SERVERS))

    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("1,500") == 2
    assert "<x>" in texts


@pytest.mark.parametrize(
    ("rate", "connections"), [(10.0, 4), (1600.0, 16), (100_000.0, 128)], ids=str
)
def test_a_rate_is_made_of_connections_that_pause(rate: float, connections: int) -> None:
    found, pause_ms = paced(rate)

    assert found == connections
    assert found / pause_ms * 1000 == pytest.approx(rate)


def test_a_plan_is_a_lua_table(tmp_path: Path) -> None:
    path = tmp_path / "plan.lua"
    request = plan.post("localhost:1", "/token", "a=1", Authorization='Basic "x"')

    plan.fixed(request, '"access_token"').write(path, seed=1, sample_file=None)

    text = path.read_text()
    assert text.startswith('return {["kind"] = "fixed", ["expect"] = "\\"access_token\\""')
    assert "\\r\\nContent-Length: 3\\r\\n\\r\\na=1" in text
    assert '["sample_file"] = nil' in text


def test_what_redis_did_is_shared_out_over_operations() -> None:
    before = {"evalsha": 10, "info": 5, "bytes input": 100, "bytes output": 0}
    after = {"evalsha": 30, "info": 50, "get": 20, "wait": 10} | {
        "bytes input": 1100,
        "bytes output": 500,
    }

    costs = redis_cost.per_operation(before, after, 10)

    assert costs == {
        "bytes input": 100, "bytes output": 50, "evalsha": 2, "get": 2, "wait": 1,
    }  # fmt: skip
    assert redis_cost.described(costs).startswith("2.0 evalsha, 1.0 wait; 2.0 others")
    assert redis_cost.per_operation(before, after, 0) == {}


def window(second: int, **changes: Any) -> Window:
    calm = Window(second, 100, 1, 5, 0, 0, "", False, 100 << 20, 40, 10 << 20, 1000)
    return replace(calm, **changes)


class TestSoak:
    CALM = tuple(window(second) for second in range(0, 600, 10))

    def test_a_calm_run_has_no_complaint(self) -> None:
        assert complaints(self.CALM) == []

    def test_503_is_right_while_something_fails_and_errors_never_are(self) -> None:
        unavailable = window(600, unavailable=3)

        assert complaints([*self.CALM, replace(unavailable, failing=True)]) == []
        assert len(complaints([*self.CALM, unavailable])) == 1
        assert len(complaints([*self.CALM, window(600, errors=1, failing=True)])) == 1

    def test_redis_may_grow_as_the_load_does(self) -> None:
        end = [replace(one, redis_bytes=13 << 20, visits=130) for one in self.CALM[40:]]

        assert complaints([*self.CALM[:40], *end]) == []

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("worker_bytes", 106 << 20, "worker grew by 6%"),
            ("redis_bytes", 12 << 20, "Redis grew by 20%"),
            ("worker_files", 49, "9 descriptors"),
            ("p99_ms", 11, "p99 went from 5.0 to 11.0"),
        ],
    )
    def test_growth_is_noticed(self, name: str, value: float, said: str) -> None:
        end = [replace(one, **{name: value}) for one in self.CALM[40:]]

        found = complaints([*self.CALM[:40], *end])

        assert len(found) == 1
        assert said in found[0]


class TestCapacity:
    COSTS = Costs(0.002, 0.06, 0.001, 0.0003, 0.0003, 150e-6, 50e-6, 25e-6)

    def test_little_needs_the_least_that_survives_a_failure(self) -> None:
        found = needs(Demand(1000, 10_000), self.COSTS)

        assert (found.workers, found.masters, found.nodes) == (2, 3, 9)

    def test_cores_follow_the_cost_of_what_a_log_in_brings(self) -> None:
        found = needs(Demand(3600, 0, first=0.5, refreshes=2, introspections=0), self.COSTS)

        assert found.log_ins_a_second == 1
        assert found.cores == pytest.approx((0.001 + 0.03 + 0.002 + 0.0003) / 0.6)

    def test_masters_are_as_many_as_memory_or_scripts_ask_for(self) -> None:
        many_people = needs(Demand(3600, 1e9), self.COSTS)
        many_log_ins = needs(Demand(36_000_000, 1e6), self.COSTS)

        assert many_people.gib_a_copy == pytest.approx(3096e9 * 1.5 / 2**30, rel=0.001)
        assert many_people.masters == 271
        assert many_log_ins.masters == 12


class TestTokens:
    def test_good_ones_are_counted(self) -> None:
        answers = [json.dumps({"access_token": token(f"s{n}")}) for n in range(3)]

        assert tokens.check([*answers, '{"access_token": "opaque"}'], JWKS, "ES256") == 4

    def test_the_same_token_twice_is_noticed(self) -> None:
        answer = json.dumps({"access_token": token("s")})

        with pytest.raises(tokens.BadTokens, match="came twice"):
            tokens.check([answer, answer], JWKS, "ES256")

    def test_another_key_is_noticed(self) -> None:
        forged = token("s", key=ec.generate_private_key(ec.SECP256R1()))

        with pytest.raises(tokens.BadTokens, match="does not verify"):
            tokens.check([json.dumps({"access_token": forged})], JWKS, "ES256")

    def test_another_algorithm_of_an_id_token_is_noticed(self) -> None:
        with pytest.raises(tokens.BadTokens, match="ES256"):
            tokens.check([json.dumps({"id_token": token("s")})], JWKS, "RS256")


def test_a_part_of_a_page_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- soak: begin -->\nold\n<!-- soak: end -->\nafter\n")
    replace_part(page, "soak", "new")
    expected = "before\n<!-- soak: begin -->\n\nnew\n\n<!-- soak: end -->\nafter\n"
    assert page.read_text() == expected
    with pytest.raises(ValueError, match="no part other"):
        replace_part(page, "other", "new")
    assert page.read_text() == expected
