# SPDX-License-Identifier: Apache-2.0
"""The control plane's operations on things and groups of things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_fota.emulator.api_arns import Arns
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.api_pages import page
from aws_fota.emulator.jobs_model import Delivery
from aws_fota.emulator.jobs_things import Thing, ThingGroup
from aws_fota.emulator.service import JobsService

#: Attributes of a thing without a thing type, and of a group ("AWS IoT Core thing and thing group quotas").
THING_ATTRIBUTES_MAX = 3
GROUP_ATTRIBUTES_MAX = 50

Members = dict[str, Any]
Operation = Callable[[Members], Members]


class ThingsApi:
    """The operations, by name in :attr:`operations`.

    Args:
        service: the state.
        create: registers a thing, unless it is there.
        deliver: sends notifications.
    """

    def __init__(
        self,
        service: JobsService,
        create: Callable[[str], None],
        deliver: Callable[[list[Delivery]], None],
        arns: Arns,
    ) -> None:
        self._create = create
        self._control = service.control
        self._groups = service.groups
        self._ledger = service.ledger
        self._deliver = deliver
        self._arns = arns
        self.operations: dict[str, Operation] = {
            "CreateThing": self._create_thing,
            "DescribeThing": self._describe_thing,
            "UpdateThing": self._update_thing,
            "ListThings": self._list_things,
            "DeleteThing": self._delete_thing,
            "CreateThingGroup": self._create_group,
            "DescribeThingGroup": self._describe_group,
            "ListThingGroups": self._list_groups,
            "DeleteThingGroup": self._delete_group,
            "AddThingToThingGroup": self._add_to_group,
            "RemoveThingFromThingGroup": self._remove_from_group,
            "ListThingsInThingGroup": self._list_things_in_group,
            "ListThingGroupsForThing": self._list_groups_of_thing,
        }

    def _create_thing(self, members: Members) -> Members:
        name = members["thingName"]
        _refuse_unknown(members, "thingTypeName", "billingGroupName")
        attributes = _attributes(members.get("attributePayload", {}), {}, THING_ATTRIBUTES_MAX)
        thing = self._ledger.things.get(name)
        if thing is not None:
            # AWS takes the same call twice, and refuses another thing of the same name.
            if thing.attributes != attributes:
                raise ApiError(
                    "ResourceAlreadyExistsException",
                    f"Thing {name} already exists in account with different attributes",
                    members={"resourceId": name, "resourceArn": self._arns.thing(name)},
                )
        else:
            self._create(name)
            thing = self._control.thing(name)
            thing.attributes = attributes
        return {"thingName": name, "thingArn": self._arns.thing(name), "thingId": thing.thing_id}

    def _describe_thing(self, members: Members) -> Members:
        thing = self._control.thing(members["thingName"])
        return {"defaultClientId": thing.name, "thingId": thing.thing_id, **self._thing(thing)}

    def _update_thing(self, members: Members) -> Members:
        thing = self._control.thing(members["thingName"])
        _refuse_unknown(members, "thingTypeName", "removeThingType")
        _check_version(members, thing.version)
        thing.attributes = _attributes(members.get("attributePayload", {}), thing.attributes, THING_ATTRIBUTES_MAX)
        thing.version += 1
        return {}

    def _list_things(self, members: Members) -> Members:
        _refuse_unknown(members, "thingTypeName")
        things = list(self._ledger.things.values())
        attribute, value = members.get("attributeName"), members.get("attributeValue")
        if members.get("usePrefixAttributeValue") and value is None:
            raise ApiError("InvalidRequestException", "usePrefixAttributeValue needs an attributeValue")
        if attribute is not None:
            things = [it for it in things if attribute in it.attributes]
            if value is not None and members.get("usePrefixAttributeValue"):
                things = [it for it in things if it.attributes[attribute].startswith(value)]
            elif value is not None:
                things = [it for it in things if it.attributes[attribute] == value]
        shown, token = page(things, lambda it: it.name, members)
        return {"things": [self._thing(it) for it in shown], "nextToken": token}

    def _delete_thing(self, members: Members) -> Members:
        name = members["thingName"]
        thing = self._ledger.things.get(name)
        if thing is not None:
            # As in AWS, it is no error to delete what is gone.
            _check_version(members, thing.version)
            self._deliver(self._control.delete_thing(name))
        return {}

    def _create_group(self, members: Members) -> Members:
        name = members["thingGroupName"]
        _refuse_unknown(members, "parentGroupName")
        properties = members.get("thingGroupProperties", {})
        attributes = _attributes(properties.get("attributePayload", {}), {}, GROUP_ATTRIBUTES_MAX)
        description = properties.get("thingGroupDescription", "")
        group = self._ledger.groups.get(name)
        if group is None:
            group = self._groups.create(name)
            group.description, group.attributes = description, attributes
        elif (group.description, group.attributes) != (description, attributes):
            raise ApiError(
                "ResourceAlreadyExistsException",
                f"Thing Group {name} already exists in current account with different properties",
                members={"resourceId": name, "resourceArn": self._arns.group(name)},
            )
        return {"thingGroupName": name, "thingGroupArn": self._arns.group(name), "thingGroupId": group.group_id}

    def _describe_group(self, members: Members) -> Members:
        group = self._groups.group(members["thingGroupName"])
        properties = {"attributePayload": {"attributes": group.attributes}}
        return {
            "thingGroupName": group.name,
            "thingGroupId": group.group_id,
            "thingGroupArn": self._arns.group(group.name),
            "version": group.version,
            "thingGroupProperties": {"thingGroupDescription": group.description or None, **properties},
            "thingGroupMetadata": {"creationDate": group.created_at},
        }

    def _list_groups(self, members: Members) -> Members:
        _refuse_unknown(members, "parentGroup")
        prefix = members.get("namePrefixFilter", "")
        groups = [one for one in self._ledger.groups.values() if one.name.startswith(prefix)]
        return self._groups_page(groups, members)

    def _delete_group(self, members: Members) -> Members:
        name = members["thingGroupName"]
        group = self._ledger.groups.get(name)
        if group is not None:
            _check_version(members, group.version)
        self._deliver(self._groups.delete(name))
        return {}

    def _add_to_group(self, members: Members) -> Members:
        self._deliver(self._groups.add(*self._membership(members)))
        return {}

    def _remove_from_group(self, members: Members) -> Members:
        self._deliver(self._groups.remove(*self._membership(members)))
        return {}

    def _list_things_in_group(self, members: Members) -> Members:
        group = self._groups.group(members["thingGroupName"])
        shown, token = page(group.things, lambda it: it, members)
        return {"things": shown, "nextToken": token}

    def _list_groups_of_thing(self, members: Members) -> Members:
        thing = self._control.thing(members["thingName"])
        return self._groups_page([one for one in self._ledger.groups.values() if thing.name in one.things], members)

    def _groups_page(self, groups: list[ThingGroup], members: Members) -> Members:
        shown, token = page(groups, lambda it: it.name, members)
        named = [{"groupName": one.name, "groupArn": self._arns.group(one.name)} for one in shown]
        return {"thingGroups": named, "nextToken": token}

    def _membership(self, members: Members) -> tuple[str, str]:
        """The names of group and thing, each of which comes by name or by ARN."""
        return (
            self._named(members, "thingGroupName", "thingGroupArn", "thinggroup"),
            self._named(members, "thingName", "thingArn", "thing"),
        )

    def _named(self, members: Members, by_name: str, by_arn: str, kind: str) -> str:
        name = members.get(by_name)
        if by_arn in members:
            named = self._arns.name_of(members[by_arn], kind)
            if named is None or (name is not None and name != named):
                raise ApiError("InvalidRequestException", f"Invalid {by_arn} {members[by_arn]}")
            return named
        if name is None:
            raise ApiError("InvalidRequestException", f"either {by_name} or {by_arn} is needed")
        return str(name)

    def _thing(self, thing: Thing) -> Members:
        return {
            "thingName": thing.name,
            "thingArn": self._arns.thing(thing.name),
            "attributes": thing.attributes,
            "version": thing.version,
        }


def _attributes(payload: Members, present: dict[str, str], most: int) -> dict[str, str]:
    given = payload.get("attributes", {})
    if payload.get("merge"):
        # An empty value takes an attribute away.
        merged = {**present, **given}
    elif "attributes" in payload:
        merged = given
    else:
        merged = present
    attributes = {name: value for name, value in merged.items() if value}
    if len(attributes) > most:
        raise ApiError("InvalidRequestException", f"there are {len(attributes)} attributes, the limit is {most}")
    return attributes


def _check_version(members: Members, version: int) -> None:
    expected = members.get("expectedVersion")
    if expected is not None and expected != version:
        raise ApiError("VersionConflictException", f"version {expected} was expected, it is {version}")


def _refuse_unknown(members: Members, *names: str) -> None:
    for name in names:
        if members.get(name):
            raise ApiError("InvalidRequestException", f"{name} is not supported by the local AWS")
