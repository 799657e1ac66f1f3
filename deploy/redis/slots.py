"""Moving slots from node to node while the cluster serves. Nothing of what is stored is lost."""

from __future__ import annotations

from view import Member, StepFailed, View, told

BATCH = 100
_MOVE_TIMEOUT_MS = 10_000


def shares(givers: list[Member], count: int) -> list[tuple[Member, int]]:
    """Choose `count` slots, of each giver in proportion to what it has. Returns giver and slot."""
    owned = sum(len(giver.slots) for giver in givers)
    chosen: list[tuple[Member, int]] = []
    for giver in givers:
        part = round(len(giver.slots) * count / owned)
        chosen += [(giver, slot) for slot in giver.slots[-part:] if part]
    return chosen[:count]


def move(view: View, moves: list[tuple[Member, int]], takers: list[Member]) -> None:
    """Move slots, to each taker as many as to the others."""
    masters = [*view.masters(), *takers]
    with told(f"moving {len(moves)} slots"):
        for number, (giver, slot) in enumerate(moves):
            taker = takers[number * len(takers) // len(moves)]
            move_slot(view, slot, giver, taker, {each.address for each in masters})


def move_slot(view: View, slot: int, giver: Member, taker: Member, masters: set[str]) -> None:
    """Move one slot, and tell all masters. Spec: Redis documentation of `CLUSTER SETSLOT`.

    Safe to repeat after an interruption: what has moved already stays where it is.
    """
    view.cluster(taker.address, "SETSLOT", slot, "IMPORTING", giver.node_id)
    view.cluster(giver.address, "SETSLOT", slot, "MIGRATING", taker.node_id)
    host, _, port = taker.address.rpartition(":")
    while names := view.cluster(giver.address, "GETKEYSINSLOT", slot, BATCH):
        answer = view.node(giver.address).execute_command(
            "MIGRATE", host, port, "", 0, _MOVE_TIMEOUT_MS, *view.credentials(), "KEYS", *names
        )
        if answer not in ("OK", "NOKEY", b"OK", b"NOKEY", True):
            raise StepFailed(f"slot {slot} did not move: {answer}")
    # The new owner first: should we be interrupted here, nobody would own the slot otherwise.
    view.cluster(taker.address, "SETSLOT", slot, "NODE", taker.node_id)
    for address in (giver.address, *sorted(masters - {giver.address, taker.address})):
        view.cluster(address, "SETSLOT", slot, "NODE", taker.node_id)
