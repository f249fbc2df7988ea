"""
Typical uses of S3 by boto3 and the AWS CLI, each as one function. The arguments are the endpoint and a folder for files:

    python s3-habits.py http://127.0.0.1:4566 /tmp/x

Prints a JSON object: for each function "ok", or its error.
"""

import contextlib
import hashlib
import io
import json
import os
import sys
import traceback
import urllib.request

import boto3
from awscli.clidriver import create_clidriver
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, FOLDER = sys.argv[1:3]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ENDPOINT_URL=ENDPOINT,
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)
client = boto3.client("s3", config=Config(retries={"max_attempts": 1}))
resource = boto3.resource("s3")
BUCKET = "python"
MB = 1024 * 1024


def file_of(name, size):
    """Writes a file whose content does not repeat, so that parts in a wrong order are noticed."""
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(hashlib.shake_128(name.encode()).digest(size))
    return path


def content(path):
    with open(path, "rb") as file:
        return file.read()


def fails(code, call, **args):
    try:
        call(**args)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        assert found == code, f"{found} instead of {code}"
    else:
        raise AssertionError(f"no error {code}")


def cli(*args):
    """Runs `aws s3 …` in this process, because starting it takes a second."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = create_clidriver().main(["s3", *args])
    assert status == 0, f"aws s3 {' '.join(args)}: {output.getvalue()}"
    return output.getvalue()


# --- boto3, client


def buckets():
    client.create_bucket(Bucket="made-by-boto")
    assert "made-by-boto" in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    assert client.get_bucket_location(Bucket="made-by-boto")["LocationConstraint"] is None
    client.put_object(Bucket="made-by-boto", Key="a/b", Body=b"x")
    fails("BucketNotEmpty", client.delete_bucket, Bucket="made-by-boto")
    client.delete_object(Bucket="made-by-boto", Key="a/b")
    client.delete_bucket(Bucket="made-by-boto")
    fails("404", client.head_bucket, Bucket="made-by-boto")


def etag_and_metadata():
    put = client.put_object(
        Bucket=BUCKET,
        Key="described",
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="no-store",
        ContentDisposition="attachment",
        ContentEncoding="identity",
        ContentLanguage="de",
        Metadata={"study": "1.2.3", "Kind": "ct"},
    )
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"', put["ETag"]
    head = client.head_object(Bucket=BUCKET, Key="described", ChecksumMode="ENABLED")
    assert head["Metadata"] == {"study": "1.2.3", "kind": "ct"}, head["Metadata"]
    found = [head[name] for name in ("ContentType", "CacheControl", "ContentDisposition", "ContentLanguage")]
    assert found == ["text/plain", "no-store", "attachment", "de"], found
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"] and head["ChecksumType"] == "FULL_OBJECT", head


def conditions():
    etag = client.put_object(Bucket=BUCKET, Key="once", Body=b"1")["ETag"]
    fails("PreconditionFailed", client.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*")
    fails("PreconditionFailed", client.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfMatch='"0"')
    fails("304", client.get_object, Bucket=BUCKET, Key="once", IfNoneMatch=etag)
    fails("PreconditionFailed", client.get_object, Bucket=BUCKET, Key="once", IfMatch='"0"')
    client.put_object(Bucket=BUCKET, Key="once", Body=b"2", IfMatch=etag)
    assert client.get_object(Bucket=BUCKET, Key="once")["Body"].read() == b"2"


def ranges():
    client.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    reply = client.get_object(Bucket=BUCKET, Key="digits", Range="bytes=2-4")
    assert (reply["Body"].read(), reply["ContentRange"]) == (b"234", "bytes 2-4/10")
    fails("InvalidRange", client.get_object, Bucket=BUCKET, Key="digits", Range="bytes=10-")


def copies():
    client.put_object(Bucket=BUCKET, Key="from/ä b", Body=b"copied", ContentType="text/css", Metadata={"a": "1"})
    source = {"Bucket": BUCKET, "Key": "from/ä b"}
    client.copy_object(Bucket="other", Key="same", CopySource=source)
    same = client.get_object(Bucket="other", Key="same")
    assert (same["Body"].read(), same["ContentType"], same["Metadata"]) == (b"copied", "text/css", {"a": "1"})
    new = {"MetadataDirective": "REPLACE", "ContentType": "text/html", "Metadata": {"b": "2"}}
    client.copy_object(Bucket=BUCKET, Key="from/ä b", CopySource=source, **new)
    replaced = client.head_object(**source)
    assert (replaced["ContentType"], replaced["Metadata"]) == ("text/html", {"b": "2"})
    fails("InvalidRequest", client.copy_object, CopySource=source, **source)
    fails("NoSuchKey", client.copy_object, Bucket=BUCKET, Key="x", CopySource=f"{BUCKET}/none")
    fails("PreconditionFailed", client.copy_object, Bucket=BUCKET, Key="x", CopySource=source, CopySourceIfMatch='"0"')


def deletes_of_many():
    keys = [f"many/{name}" for name in ("a&b", "<c>", "ä", "d\te", "f\ng")]
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"")
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="many/")
    assert [entry["Key"] for entry in listed["Contents"]] == sorted(keys), listed
    delete = {"Objects": [{"Key": key} for key in [*keys, "many/never there"]]}
    assert len(client.delete_objects(Bucket=BUCKET, Delete=delete)["Deleted"]) == 6
    assert client.list_objects_v2(Bucket=BUCKET, Prefix="many/")["KeyCount"] == 0
    quiet = client.delete_objects(Bucket=BUCKET, Delete={**delete, "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet, quiet


def lists():
    keys = [f"list/{folder}/{number:03}" for folder in "abc" for number in range(40)]
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    for operation in ("list_objects", "list_objects_v2"):
        pages = client.get_paginator(operation).paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 7})
        found = [entry["Key"] for page in pages for entry in page["Contents"]]
        assert found == keys, f"{operation}: {len(found)} keys"
        folded = client.get_paginator(operation).paginate(
            Bucket=BUCKET, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 1}
        )
        prefixes = [entry["Prefix"] for page in folded for entry in page.get("CommonPrefixes", [])]
        assert prefixes == ["list/a/", "list/b/", "list/c/"], f"{operation}: {prefixes}"
    after = client.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/c/038")
    assert [entry["Key"] for entry in after["Contents"]] == ["list/c/039"]


def presigned_urls():
    params = {"Bucket": BUCKET, "Key": "presigned ü", "ContentType": "text/plain"}
    url = client.generate_presigned_url("put_object", Params=params)
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT", headers=headers)).read()
    params = {"Bucket": BUCKET, "Key": "presigned ü", "ResponseContentDisposition": "inline"}
    reply = urllib.request.urlopen(client.generate_presigned_url("get_object", Params=params))
    assert (reply.read(), reply.headers["Content-Type"]) == (b"by url", "text/plain")
    assert reply.headers["Content-Disposition"] == "inline"


def uploads_in_parts():
    upload = {"Bucket": BUCKET, "Key": "parts"}
    upload_id = client.create_multipart_upload(**upload)["UploadId"]
    assert upload_id in [each["UploadId"] for each in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]]
    upload["UploadId"] = upload_id
    client.put_object(Bucket=BUCKET, Key="source", Body=bytes(6 * MB) + b"end")
    first = client.upload_part_copy(
        **upload, PartNumber=1, CopySource=f"{BUCKET}/source", CopySourceRange=f"bytes=0-{6 * MB - 1}"
    )["CopyPartResult"]
    second = client.upload_part(**upload, PartNumber=2, Body=b"tail")
    assert [part["Size"] for part in client.list_parts(**upload)["Parts"]] == [6 * MB, 4]
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["ETag"]}]
    done = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    md5s = b"".join(bytes.fromhex(part["ETag"].strip('"')) for part in parts)
    assert done["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-2"', done["ETag"]
    part = client.get_object(Bucket=BUCKET, Key="parts", PartNumber=2)
    assert (part["Body"].read(), part["PartsCount"]) == (b"tail", 2)
    fails("NoSuchUpload", client.abort_multipart_upload, **upload)


def streams_of_unknown_length():
    client.upload_fileobj(io.BytesIO(b"streamed" * MB), BUCKET, "stream")
    assert client.head_object(Bucket=BUCKET, Key="stream")["ContentLength"] == 8 * MB


def odd_keys():
    keys = ["odd", "odd/", "odd//", "odd/../up", "odd/./x", "odd/a", "odd/a/b", "odd/" + "n" * 300, "/odd", "odd/😀", "odd/\uffee"]
    for key in keys:
        client.put_object(Bucket="odd", Key=key, Body=key.encode(), Metadata={"length": str(len(key))})
    for key in keys:
        reply = client.get_object(Bucket="odd", Key=key)
        assert (reply["Body"].read(), reply["Metadata"]) == (key.encode(), {"length": str(len(key))}), key
    listed = [entry["Key"] for entry in client.list_objects_v2(Bucket="odd")["Contents"]]
    assert listed == sorted(keys, key=str.encode), listed
    for key in keys:
        client.delete_object(Bucket="odd", Key=key)
    client.delete_bucket(Bucket="odd")


# --- boto3, resource and transfer manager


def resource_collections():
    """The bucket has 1,001 objects, one more than a page of a list. s3-python.test.ts makes their files before it runs this."""
    bucket = resource.Bucket("collection")
    assert [each.key for each in bucket.objects.all()] == [f"{number:04}" for number in range(1001)]
    assert len(list(bucket.objects.filter(Prefix="02"))) == 100
    bucket.objects.all().delete()
    bucket.delete()


def resource_objects():
    handle = resource.Object(BUCKET, "by resource")
    handle.put(Body=b"text", ContentType="text/plain")
    assert (handle.content_type, handle.get()["Body"].read()) == ("text/plain", b"text")
    resource.Object(BUCKET, "copied by resource").copy_from(CopySource={"Bucket": BUCKET, "Key": "by resource"})
    handle.delete()
    handle.wait_until_not_exists()


def transfer_manager():
    path = file_of("transfer/large", 20 * MB)
    client.upload_file(path, BUCKET, "large", ExtraArgs={"ContentType": "application/dicom", "Metadata": {"a": "b"}})
    head = client.head_object(Bucket=BUCKET, Key="large")
    assert (head["ContentType"], head["Metadata"]) == ("application/dicom", {"a": "b"}), head
    client.download_file(BUCKET, "large", path + ".back")
    assert content(path + ".back") == content(path)
    client.copy({"Bucket": BUCKET, "Key": "large"}, BUCKET, "large copy", Config=TransferConfig(multipart_threshold=8 * MB))
    buffer = io.BytesIO()
    resource.Bucket(BUCKET).download_fileobj("large copy", buffer)
    assert buffer.getvalue() == content(path)


# --- AWS CLI


def cli_makes_and_removes_buckets():
    cli("mb", "s3://by-cli")
    assert "by-cli" in cli("ls")
    cli("rb", "s3://by-cli", "--force")
    assert "by-cli" not in cli("ls")


def cli_copies_and_moves():
    path = file_of("cli/nine.dcm", 9 * MB + 1)
    cli("cp", path, "s3://cli/nine.dcm")
    assert client.head_object(Bucket="cli", Key="nine.dcm")["ContentLength"] == 9 * MB + 1
    cli("cp", "s3://cli/nine.dcm", "s3://cli/copies/nine.dcm")
    cli("mv", "s3://cli/copies/nine.dcm", "s3://cli/moved/nine.dcm")
    cli("cp", "s3://cli/moved/nine.dcm", path + ".back")
    assert content(path + ".back") == content(path)
    assert cli("ls", "s3://cli/").split() == ["PRE", "moved/", *cli("ls", "s3://cli/nine.dcm").split()]


def cli_syncs():
    for name in ("a.txt", "deep/b.txt", "deep/er/c d.txt"):
        file_of(f"sync/{name}", 1000)
    there = os.path.join(FOLDER, "sync")
    assert cli("sync", there, "s3://cli/sync").count("upload:") == 3
    assert cli("sync", there, "s3://cli/sync") == ""
    back = os.path.join(FOLDER, "back")
    assert cli("sync", "s3://cli/sync", back).count("download:") == 3
    assert content(os.path.join(back, "deep/er/c d.txt")) == content(os.path.join(there, "deep/er/c d.txt"))
    os.remove(os.path.join(there, "a.txt"))
    assert "delete: s3://cli/sync/a.txt" in cli("sync", there, "s3://cli/sync", "--delete")
    assert cli("rm", "s3://cli/sync", "--recursive").count("delete:") == 2
    assert client.list_objects_v2(Bucket="cli", Prefix="sync/")["KeyCount"] == 0


HABITS = [
    buckets,
    etag_and_metadata,
    conditions,
    ranges,
    copies,
    deletes_of_many,
    lists,
    presigned_urls,
    uploads_in_parts,
    streams_of_unknown_length,
    odd_keys,
    resource_collections,
    resource_objects,
    transfer_manager,
    cli_makes_and_removes_buckets,
    cli_copies_and_moves,
    cli_syncs,
]


def main():
    client.create_bucket(Bucket=BUCKET)
    results = {}
    for habit in HABITS:
        try:
            habit()
            results[habit.__name__] = "ok"
        except Exception as error:  # any error is reported as the result
            line = traceback.extract_tb(error.__traceback__)[1].line
            results[habit.__name__] = f"{line}: {type(error).__name__}: {error}"
    print(json.dumps(results))


main()
