"""Counts what the table's stream brings, and in how many deliveries."""

import os

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    dynamodb.update_item(
        TableName=os.environ["SEEN"],
        Key={"p": {"S": "seen"}},
        UpdateExpression="ADD records :records, deliveries :one",
        ExpressionAttributeValues={
            ":records": {"N": str(len(event["Records"]))},
            ":one": {"N": "1"},
        },
    )
