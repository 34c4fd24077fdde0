"""The checks of what staff do."""

from checks import CUSTOMER, PASSWORD
from stack import Failed

SUPER_ADMIN, SUPPORT = "super.admin@example.com", "support@example.com"


def appoint(world, address, role):
    """Makes somebody who registers a member of staff, in the table: the API never does."""
    world.register(address, "customer")
    confirmation = {"email": address, "code": world.code(address)}
    world.api.call("POST", "/v1/email-confirmations", status=204, body=confirmation)
    table, name = world.stack.client("dynamodb"), world.stack.resources["Table"]
    user = world.id_of(address)
    table.update_item(
        TableName=name,
        Key={"PK": {"S": f"USER#{user}"}, "SK": {"S": "USER"}},
        UpdateExpression="SET #role = :role, GSI1PK = :list",
        ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":role": {"S": role}, ":list": {"S": f"ROLE#{role}"}},
    )
    credentials = {"email": address, "password": PASSWORD}
    world.tokens[address] = world.api.call("POST", "/v1/sessions", status=201, body=credentials)["access_token"]
    return user


def administration(world):
    """A super admin grants a permission to somebody of support, who then sees a customer."""
    appoint(world, SUPER_ADMIN, "super_admin")
    support = appoint(world, SUPPORT, "management")
    customer = f"/v1/admin/users/{world.id_of(CUSTOMER)}"
    world.api.call("GET", customer, status=403, token=world.tokens[SUPPORT])
    permissions = f"/v1/admin/users/{support}/permissions"
    granted = {"permissions": ["user_management"]}
    world.api.call("PUT", permissions, body=granted, token=world.tokens[SUPER_ADMIN])
    shown = world.api.call("GET", permissions, token=world.tokens[SUPER_ADMIN])["permissions"]
    if [grant["permission"] for grant in shown] != granted["permissions"]:
        raise Failed(f"the permissions are {shown}")
    if world.api.call("GET", customer, token=world.tokens[SUPPORT])["email"] != CUSTOMER:
        raise Failed("support sees another account")
