"""Changes a Redis Cluster that serves: nodes come, go and are replaced, and nobody is signed out.

    export OPERATOR_REDIS_URL='rediss://operator:password@10.0.1.11:6379?ssl_ca_certs=/ca.pem&...'
    python deploy/redis/cluster.py status
    python deploy/redis/cluster.py add-shard 10.0.1.14:6379 10.0.2.14:6379 10.0.3.14:6379
    python deploy/redis/cluster.py remove-shard 10.0.1.14:6379
    python deploy/redis/cluster.py add-replica 10.0.2.15:6379 --of 10.0.1.11:6379
    python deploy/redis/cluster.py replace 10.0.1.11:6379 --by 10.0.1.21:6379
    python deploy/redis/cluster.py take-over 10.0.2.11:6379
    python deploy/redis/cluster.py reload

Nodes that join must run with `redis.conf`, and be empty. It needs redis-py and nothing else. See
docs/cluster.md.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter

import steps
from redis.exceptions import RedisError
from view import StepFailed, View


def main() -> int:
    options = _parser().parse_args()
    url = os.environ.get("OPERATOR_REDIS_URL", "")
    if not url:
        return _fail("OPERATOR_REDIS_URL is not set")
    try:
        _run(View(url), options)
    except StepFailed as error:
        return _fail(str(error))
    except (RedisError, OSError) as error:
        return _fail(f"a node cannot be talked to ({type(error).__name__}): {error}")
    except KeyboardInterrupt:
        return _fail("interrupted; `status` shows how far it came")
    return 0


def _fail(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 1


def _run(view: View, options: Namespace) -> None:
    if options.step == "status":
        steps.status(view)
    elif options.step == "add-shard":
        steps.add_shard(view, options.master, options.replicas, options.slots)
    elif options.step == "remove-shard":
        steps.remove_shard(view, options.master)
    elif options.step == "add-replica":
        steps.add_replica(view, options.node, options.of)
    elif options.step == "replace":
        steps.replace(view, options.old, options.by)
    elif options.step == "take-over":
        steps.take_over(view, options.replica)
    else:
        steps.reload_files(view)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    commands.add_parser("status", help="show the members")
    shard = commands.add_parser("add-shard", help="take in a master and its replicas")
    shard.add_argument("master")
    shard.add_argument("replicas", nargs="*")
    shard.add_argument("--slots", type=int, default=0, help="fewer than its share")
    commands.add_parser("remove-shard", help="let a master go").add_argument("master")
    replica = commands.add_parser("add-replica", help="take in another replica")
    replica.add_argument("node")
    replica.add_argument("--of", required=True, metavar="MASTER")
    replacement = commands.add_parser("replace", help="put a new node in a node's place")
    replacement.add_argument("old")
    replacement.add_argument("--by", required=True, metavar="NEW")
    commands.add_parser("take-over", help="make a replica master").add_argument("replica")
    commands.add_parser("reload", help="read users and certificates again, on every node")
    return parser


if __name__ == "__main__":
    sys.exit(main())
