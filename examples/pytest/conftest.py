"""Tests against a local AWS: each pytest process starts one (with pytest-xdist, each worker), and each test finds it empty."""

import json
import pathlib
import subprocess
import time
import urllib.request

import boto3
import pytest
from botocore.config import Config

# In a project of your own: pathlib.Path("node_modules/aws-health-workflows")
PACKAGE = pathlib.Path(__file__).parents[2]


class LocalAws:
    def __init__(self, endpoint, s3Folder):
        self.endpoint = endpoint
        self.s3_folder = pathlib.Path(s3Folder)

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            # Without this, boto3 calls runtime-127.0.0.1, which does not exist.
            config=Config(inject_host_prefix=False),
        )

    def control(self, verb, **arguments):
        """Calls a control endpoint, such as `failNext`: docs/local-aws.md lists them."""
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(f"{self.endpoint}/_local/{verb}", body, method="POST")
        with urllib.request.urlopen(request) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def local_aws():
    program = PACKAGE / "dist/src/cli.js"
    command = ["node", program, "local-aws", "--memory", "--fast", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line, "The local AWS did not start: the reason is above."
            yield LocalAws(**json.loads(line))
        finally:
            process.terminate()


@pytest.fixture
def aws(local_aws):
    local_aws.control("reset")
    return local_aws


@pytest.fixture
def imaging(aws):
    return aws.client("medical-imaging")


@pytest.fixture
def healthlake(aws):
    return aws.client("healthlake")


@pytest.fixture
def s3(aws):
    return aws.client("s3")


@pytest.fixture
def wait_until():
    """Returns a function that calls `read` until `is_done` accepts its result, and returns this result."""

    def wait(read, is_done):
        while not is_done(found := read()):
            time.sleep(0.01)
        return found

    return wait
