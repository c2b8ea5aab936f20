"""Every IAM statement of the functions' roles, evaluated by AWS (IAM policy simulator) with calls that it must allow and must refuse.

permissions.py simulate STACK    the roles of a deployed stack; needs the AWS CLI, version 2
permissions.py list TEMPLATE     the calls only, of the template's statements; needs PyYAML, which the SAM CLI brings

What the simulator cannot show, how a transaction gives its keys to a condition, the walk of .ci/smoke shows: it makes the transactions.
"""
import json
import subprocess
import sys
import time

# Of no class of keys that the table has.
FOREIGN = "FOREIGN#demo"
LEADING = "dynamodb:LeadingKeys"


def listed(value):
    return value if isinstance(value, list) else [value]


def calls(statement):
    """The calls for one statement: action, resource, partition keys, and whether the statement allows it."""
    patterns = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get(LEADING)
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            if patterns is None:
                yield action, resource, None, True
                continue
            keys = [pattern.replace("*", "demo") for pattern in listed(patterns)]
            for key in keys:
                yield action, resource, [key], True
            if len(keys) > 1:
                # All keys of one call, as a batch or a transaction has them.
                yield action, resource, keys, True
            yield action, resource, [*keys, FOREIGN], False
            yield action, resource, [FOREIGN], False
            yield action, resource, [], False


def describe(call):
    action, resource, keys, allowed = call
    place = json.dumps(resource) if isinstance(resource, dict) else resource.split(":")[-1]
    return f"{'allows ' if allowed else 'refuses'} {action} of {place}{'' if keys is None else ' with keys ' + ', '.join(keys) if keys else ' without a key'}"


def aws(*arguments):
    answer = subprocess.run(["aws", *arguments, "--output", "json"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise SystemExit(f"aws {' '.join(arguments[:2])}: {answer.stderr.strip()}")
    return json.loads(answer.stdout)


def roles(stack):
    """The roles of the stack's functions with their statements."""
    resources = aws("cloudformation", "list-stack-resources", "--stack-name", stack)["StackResourceSummaries"]
    for resource in resources:
        if resource["ResourceType"] != "AWS::IAM::Role" or not resource["LogicalResourceId"].endswith("FunctionRole"):
            continue
        name = resource["PhysicalResourceId"]
        statements = []
        for policy in aws("iam", "list-role-policies", "--role-name", name)["PolicyNames"]:
            document = aws("iam", "get-role-policy", "--role-name", name, "--policy-name", policy)["PolicyDocument"]
            statements += listed(document["Statement"])
        yield resource["LogicalResourceId"], aws("iam", "get-role", "--role-name", name)["Role"]["Arn"], statements


def is_allowed(role, action, resource, keys):
    context = []
    if keys:
        values = ",".join(keys)
        context = ["--context-entries", f"ContextKeyName={LEADING},ContextKeyType=stringList,ContextKeyValues={values}"]
    simulate = ["iam", "simulate-principal-policy", "--policy-source-arn", role, "--action-names", action, "--resource-arns", resource]
    return aws(*simulate, *context)["EvaluationResults"][0]["EvalDecision"] == "allowed"


def simulate(stack):
    wrong, made = [], 0
    for name, role, statements in roles(stack):
        for statement in statements:
            for call in calls(statement):
                action, resource, keys, allowed = call
                made += 1
                if is_allowed(role, action, resource, keys) != allowed:
                    wrong.append(f"{name} {statement['Sid']}: not so: {describe(call)}")
                time.sleep(0.1)  # the simulator takes few calls a second
        print(f"{name}: {len(statements)} statements")
    print("\n".join(wrong) or f"{made} calls, all as the statements say")
    return 1 if wrong or not made else 0


def list_calls(path):
    import yaml

    class Template(yaml.SafeLoader):
        pass

    def tagged(loader, tag, node):
        kind = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
        return {tag: kind.get(type(node), loader.construct_mapping)(node)}

    Template.add_multi_constructor("!", tagged)
    with open(path, encoding="utf-8") as file:
        resources = yaml.load(file, Template)["Resources"]
    total = 0
    for name, resource in resources.items():
        for policy in resource.get("Properties", {}).get("Policies", []) if resource["Type"] == "AWS::Serverless::Function" else []:
            for statement in policy["Statement"]:
                for call in calls(statement):
                    total += 1
                    print(f"{name} {statement['Sid']} {describe(call)}")
    print(f"{total} calls")
    return 0 if total else 1


if __name__ == "__main__":
    commands = {"simulate": simulate, "list": list_calls}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    sys.exit(commands[sys.argv[1]](sys.argv[2]))
