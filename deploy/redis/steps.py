"""What an operator does to a cluster that serves: each step leaves it whole."""

from __future__ import annotations

from redis.exceptions import RedisError
from slots import move, shares
from view import SLOTS, Member, StepFailed, View, eventually, told, wait_for

_ATTEMPTS, _ATTEMPT_SECONDS = 6, 6.0
"""Redis gives an attempt up after 5 s."""

_TLS_FILES = ("tls-cert-file", "tls-key-file", "tls-ca-cert-file")


def status(view: View) -> None:
    """Print the members."""
    for member in sorted(view.members(), key=lambda each: each.address):
        role = "master" if member.is_master else "replica"
        state = "down" if member.is_down else "up"
        print(f"{member.address:24} {role:8} {state:5} {len(member.slots):6} slots")


def add_shard(view: View, master: str, replicas: list[str], slots: int = 0) -> None:
    """Take in a new master and its replicas, all running and empty, and give it its share.

    `slots`: how many it gets; 0: as many as the others will have.
    """
    for address in (master, *replicas):
        join(view, address)
    for address in replicas:
        follow(view, address, master)
    givers = view.masters()
    move(view, shares(givers, slots or SLOTS // (len(givers) + 1)), [view.member(master)])
    view.wait_until_agreed()


def remove_shard(view: View, master: str) -> None:
    """Give all slots of a master to the others, and let it and its replicas go."""
    leaving = view.member(master)
    takers = [each for each in view.masters() if each.address != master]
    if not takers:
        raise StepFailed(f"{master} is the only master")
    followers = [each for each in view.members() if each.master_id == leaving.node_id]
    move(view, [(leaving, slot) for slot in leaving.slots], takers)
    view.wait_until_agreed()
    for member in (*followers, leaving):
        forget(view, member)


def add_replica(view: View, address: str, master: str) -> None:
    """Take in a node, running and empty, as another replica."""
    join(view, address)
    follow(view, address, master)


def replace(view: View, old: str, new: str) -> None:
    """Let a node, running and empty, take the place of another one, which may be dead."""
    leaving = view.member(old)
    if leaving.is_master and leaving.slots and leaving.is_down:
        raise StepFailed(f"{old} is down and owns slots: wait until a replica has taken over")
    master = old if leaving.is_master else _address_of(view, leaving.master_id)
    add_replica(view, new, master)
    if leaving.is_master:
        take_over(view, new)  # the other replicas follow it by themselves
    forget(view, leaving)
    view.wait_until_agreed()


def take_over(view: View, replica: str) -> None:
    """Make a replica the master, in order: the two agree on the last write before they swap."""
    view.wait_until_agreed()
    with told(f"{replica} takes over"):
        for _ in range(_ATTEMPTS):  # a vote may come too early after another change
            view.cluster(replica, "FAILOVER")
            if eventually(lambda: view.member(replica).is_master, _ATTEMPT_SECONDS):
                break
        else:
            raise StepFailed(f"{replica} did not take over")
    view.wait_until_agreed()


def reload_files(view: View) -> None:
    """Let every node read its file of users and its certificates again."""
    for member in view.living():
        with told(f"{member.address} reads its files"):
            node = view.node(member.address)
            if node.config_get("aclfile").get("aclfile"):
                node.execute_command("ACL", "LOAD")
            files = node.config_get(*_TLS_FILES)
            if files.get("tls-cert-file"):
                pairs = [part for name in _TLS_FILES for part in (name, files[name])]
                node.execute_command("CONFIG", "SET", *pairs)


# --- Parts of them ------------------------------------------------------------------------------


def join(view: View, address: str) -> None:
    """Introduce an empty node to the cluster, and wait until everybody knows it."""
    node = view.node(address)
    if node.dbsize():
        raise StepFailed(f"{address} is not empty")
    seed = view.masters()[0].address
    with told(f"{address} joins"):
        host, _, port = address.rpartition(":")
        bus = view.node(address).config_get("cluster-port")["cluster-port"]
        view.cluster(seed, "MEET", host, port, *([bus] if bus != "0" else []))
        wait_for(lambda: _all_know_all(view, address), f"not all nodes got to know {address}")
        wait_for(lambda: _sees_a_working_cluster(view, address), f"{address} sees no whole cluster")


def follow(view: View, address: str, master: str) -> None:
    """Make a node the replica of a master, and wait until it has all of its data."""
    with told(f"{address} follows {master}"):
        view.cluster(address, "REPLICATE", view.member(master).node_id)
        wait_for(lambda: _is_in_sync(view, address), f"{address} does not get in sync")


def forget(view: View, member: Member) -> None:
    """Empty a member if it lives, and remove it from everybody's list."""
    with told(f"{member.address} leaves"):
        if not member.is_down:
            view.cluster(member.address, "RESET", "HARD")  # first, or it would introduce itself
        for other in view.living():
            if other.address != member.address:
                view.cluster(other.address, "FORGET", member.node_id)


def _all_know_all(view: View, address: str) -> bool:
    """Tell whether the newcomer and everybody else see the same members."""
    views = [view.members(address), *(view.members(each.address) for each in view.living())]
    known = {frozenset(member.node_id for member in seen) for seen in views}
    return len(known) == 1 and any(member.address == address for member in views[-1])


def _sees_a_working_cluster(view: View, address: str) -> bool:
    return bool(view.node(address).execute_command("CLUSTER INFO")["cluster_state"] == "ok")


def _is_in_sync(view: View, address: str) -> bool:
    try:
        state = view.node(address).info("replication")
    except RedisError:  # it loads what it was sent
        return False
    return bool(state["role"] == "slave" and state.get("master_link_status") == "up")


def _address_of(view: View, node_id: str) -> str:
    return next(each.address for each in view.members() if each.node_id == node_id)
