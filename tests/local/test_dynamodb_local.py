"""The oracle is the real thing: it refuses what the embedded DynamoDB lets pass."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.deploy import client
from local.dynamodb_local import DynamoDbLocal


def test_arithmetic_in_a_condition_is_refused(tmp_path: Path) -> None:
    with DynamoDbLocal(tmp_path / "dynamodb.log") as oracle:
        dynamodb = client("dynamodb", oracle.endpoint_url)
        dynamodb.create_table(
            TableName="payments",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        )
        with pytest.raises(ClientError, match="Syntax error"):
            dynamodb.put_item(
                TableName="payments",
                Item={"p": {"S": "1"}},
                ConditionExpression="refunded + :x <= captured",
                ExpressionAttributeValues={":x": {"N": "1"}},
            )
