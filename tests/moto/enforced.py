"""The estate read again where IAM counts: with exactly the policies that syncctl prints, and with one action less."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Set
from functools import cache
from pathlib import Path
from typing import Any

from collectors.aws import collector
from collectors.aws.entries import Target
from collectors.aws.models import Models
from collectors.aws.permissions import permission, targets
from collectors.aws.tagging import OPERATION, SERVICE
from demo.cloud import enforce
from demo.place import Account, Place
from demo.surroundings import clean

ROLE, USER, EXTERNAL_ID = "reader", "syncd-alone", "s3same"
LIST, FACET = "secretsmanager:ListSecrets", "s3:GetBucketVersioning"
READ, WITHOUT_LIST, WITHOUT_FACET = "read.db", "without-list.db", "without-facet.db"

# moto 5.2 checks a call by the name that it is signed for and the operation's own name, whatever AWS calls the action:
# monitoring:DescribeAlarms (AWS: cloudwatch:…), apigateway:GetApis (AWS: apigateway:GET), tagging:GetResources (AWS:
# tag:…). Of S3 it has a table of actions; parts of buckets that the table lacks (encryption, publicAccessBlock) count
# as this one. Of Batch it takes the path for the operation, batch:describejobqueues, and tells small letters from
# capital ones, which IAM does not.
BUCKET_PART = "s3:ListBucket"


def read(folder: Path, url: str, accounts: list[Account], home: str) -> None:
    """Leaves three stores in the folder: all allowed, a list not, a facet not."""
    reading = Reading(folder, url, accounts[0], accounts[1], home)
    reading.allow()
    enforce(url, on=True)
    try:
        reading.sync(READ)
        for action, store, kinds in ((LIST, WITHOUT_LIST, "*"), (FACET, WITHOUT_FACET, "aws_s3_bucket")):
            shutil.copy(folder / READ, folder / store)
            reading.take_away(action)
            reading.sync(store, kinds)
            reading.give_back()
    finally:
        enforce(url, on=False)


class Reading:
    """A user in one account who may do what is printed, and a role in another that the printed template makes."""

    def __init__(self, folder: Path, url: str, management: Account, member: Account, home: str) -> None:
        self.folder, self.member = folder, member
        self.above, self.place = Place(url, management, home), Place(url, member, home)
        self.taken: list[tuple[str, str]] = []
        self.environment = clean(AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        arn = self.place.role(ROLE)
        self.settings = (
            f'[sync]\nattempts = 1\n\n[log]\nlevel = "warning"\n\n[aws]\nregion = "{home}"\nregions = ["{home}"]\n'
            f'endpoint_url = "{url}"\nroles = ["{arn}"]\nexternal_id = "{EXTERNAL_ID}"\n'
        )
        (folder / "enforced.toml").write_text(self.settings)

    def allow(self) -> None:
        """As the documentation says it: the policies for the user, the template for the account."""
        iam = self.above.client("iam")
        user = iam.create_user(UserName=USER)["User"]["Arn"]
        for policy in json.loads(self._printed("-o", "json")):
            made = iam.create_policy(PolicyName=policy["name"], PolicyDocument=json.dumps(policy["document"]))
            iam.attach_user_policy(UserName=USER, PolicyArn=made["Policy"]["Arn"])
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        self.environment |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        template = self._printed("-o", "cloudformation", "--trust", user)
        (self.folder / "template.json").write_text(template)
        self.place.client("cloudformation").create_stack(
            StackName="syncd", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self._say_it_as_moto_does(without=())

    def _printed(self, *arguments: str) -> str:
        main = "import sys; from syncd.cli.syncctl import main; sys.exit(main())"
        command = [sys.executable, "-c", main, "aws", "policy", "--config", str(self.folder / "enforced.toml")]
        return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout

    def _say_it_as_moto_does(self, without: Iterable[str]) -> None:
        """An inline policy with moto's own names of those calls whose action is allowed."""
        names = moto_names(collector.permissions() - {*without})
        document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": names, "Resource": "*"}}
        self.place.client("iam").put_role_policy(
            RoleName=ROLE, PolicyName="as-moto-has-it", PolicyDocument=json.dumps(document)
        )

    def take_away(self, action: str) -> None:
        """Out of the one policy that has it."""
        iam = self.place.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            if any(action in each["Action"] for each in document["Statement"]):
                less = {**document, "Statement": [_less(each, action) for each in document["Statement"]]}
                iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(less), SetAsDefault=True)
                self.taken.append((arn, version))
        self._say_it_as_moto_does(without=(action,))

    def give_back(self) -> None:
        for arn, version in self.taken:
            self.place.client("iam").set_default_policy_version(PolicyArn=arn, VersionId=version)
        self.taken.clear()

    def sync(self, store: str, kinds: str = "*") -> None:
        options = ["--config", str(self.folder / "enforced.toml"), "--db", str(self.folder / store)]
        command = [sys.executable, "-m", "syncd", "sync", *options, "--account", self.member.id, "--kind", kinds]
        told = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        # 3: some scopes are incomplete, which are what moto does not have.
        assert told.returncode == 3, told.stdout + told.stderr


def _less(statement: dict[str, Any], action: str) -> dict[str, Any]:
    return {**statement, "Action": [each for each in statement["Action"] if each != action]}


def moto_names(allowed: set[str]) -> list[str]:
    """What moto wants for those calls whose action is allowed and has another name there."""
    return sorted({there for action, there in _spelt_otherwise() if action in allowed})


@cache
def _spelt_otherwise() -> Set[tuple[str, str]]:
    """An action, and what moto calls it; each service's model is read once."""
    catalog = collector.catalog
    asked = {*targets(catalog, catalog.kinds), Target(SERVICE, OPERATION)}
    operations: dict[str, set[str]] = {}
    for target in asked:
        operations.setdefault(target.service, set()).add(target.operation)
    models = Models(operations)
    pairs = {(permission(catalog, target), _moto_name(models, target)) for target in asked}
    return {(action, there) for action, there in pairs if action != there}


def _moto_name(models: Models, target: Target) -> str:
    if target.service == "s3":
        return BUCKET_PART
    operation = models.operation(target.service, target.operation)
    path: str = operation.model.http["requestUri"]
    name = path.split("/")[2] if target.service == "batch" else target.operation
    return f"{operation.signing_name}:{name}"
