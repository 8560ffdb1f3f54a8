"""A plan as people read it: what would be lost cannot be missed, and a hundred additions take no hundred lines."""

from __future__ import annotations

from cloudnorth_cli.model import Plan, ResourceChange
from cloudnorth_cli.render import plans
from cloudnorth_cli.render.screen import Screen

ADDED = ResourceChange(
    address='module.ecr.aws_ecr_repository.this["storefront"]', type="aws_ecr_repository", action="create"
)
SCALED = ResourceChange(
    address="module.eks.aws_eks_node_group.this",
    type="aws_eks_node_group",
    action="update",
    detail="desired_size 2 → 3",
)
LOST = ResourceChange(
    address="module.rds.aws_db_instance.this",
    type="aws_db_instance",
    action="replace",
    detail="engine_version forces replacement",
    loses="the database",
    allowed=False,
)


def plan(*changes: ResourceChange) -> Plan:
    return Plan(folder="terraform", environment="prod", changes=changes)


def test_a_plan_counts_first_and_then_names() -> None:
    assert plans.plan(plan(ADDED, SCALED), Screen()) == [
        "terraform/  prod            1 to add · 1 to change · 0 to replace · 0 to destroy",
        "",
        '  + module.ecr.aws_ecr_repository.this["storefront"]',
        f"  {'~ module.eks.aws_eks_node_group.this':44}  desired_size 2 → 3",
    ]


def test_what_would_be_lost_is_marked_and_says_how_it_is_meant() -> None:
    assert plans.plan(plan(LOST), Screen())[2:] == [
        f"! {'-/+ module.rds.aws_db_instance.this':44}  engine_version forces replacement",
        "      THE DATABASE WOULD BE DESTROYED AND MADE ANEW. Refused.",
        "      if you mean it: --allow-destroy module.rds.aws_db_instance.this",
    ]


def test_an_address_is_told_as_a_shell_takes_it() -> None:
    lost = ResourceChange(address='a.b["x"]', type="aws_s3_bucket", action="destroy", loses="the bucket", allowed=False)
    assert plans.plan(plan(lost), Screen())[-1].endswith("""--allow-destroy 'a.b["x"]'""")


def test_what_is_allowed_is_still_said() -> None:
    allowed = ResourceChange(address="a.b", type="aws_s3_bucket", action="destroy", loses="the bucket")
    assert plans.plan(plan(allowed), Screen())[-1] == "      THE BUCKET WOULD BE DESTROYED."


def test_many_additions_are_counted_by_module_and_hide_nothing_else() -> None:
    many = [ResourceChange(address=f"module.network.aws_x.y[{n}]", type="aws_x", action="create") for n in range(40)]
    shown = plans.plan(plan(*many, LOST), Screen())
    assert len(shown) < 20
    assert "  + … and 28 more: module.network 28" in shown
    assert any("THE DATABASE" in line for line in shown)


def test_a_narrow_terminal_loses_nothing_and_breaks_no_address() -> None:
    shown = plans.plan(plan(ADDED, SCALED, LOST), Screen(width=40, wraps=True))
    over = [line for line in shown if len(line) > 40 and "--allow-destroy" not in line]
    assert all(len(line.split()) == 1 for line in over), over  # an address stays whole, to be copied
    joined = " ".join(" ".join(shown).split())
    assert "desired_size 2 → 3" in joined
    assert "engine_version forces replacement" in joined


def test_outputs_stand_in_columns() -> None:
    assert plans.outputs({"a": "x", "long_name": {"k": [1]}}, Screen()) == [
        "a          x",
        'long_name  {"k":[1]}',
    ]
