import json
import pathlib

import pytest

FILES = pathlib.Path(__file__).parents[1] / "files"
ROLE = "arn:aws:iam::123456789012:role/import"


@pytest.fixture
def start_dicom_import(imaging, s3, wait_until):
    """Returns a function that imports image.dcm and a file that is not DICOM into a new data store, and returns the ids of
    the data store and the job."""

    def start():
        s3.create_bucket(Bucket="incoming")
        s3.upload_file(FILES / "image.dcm", "incoming", "dicom/image.dcm")
        s3.put_object(Bucket="incoming", Key="dicom/notes.txt", Body=b"no DICOM")
        store = imaging.create_datastore(datastoreName="radiology")["datastoreId"]
        wait_until(
            lambda: imaging.get_datastore(datastoreId=store)["datastoreProperties"],
            lambda found: found["datastoreStatus"] == "ACTIVE",
        )
        job = imaging.start_dicom_import_job(
            datastoreId=store,
            dataAccessRoleArn=ROLE,
            inputS3Uri="s3://incoming/dicom/",
            outputS3Uri="s3://results/",
        )
        return {"datastoreId": store, "jobId": job["jobId"]}

    return start


@pytest.fixture
def end_of_job(imaging, wait_until):
    """Returns a function that waits until a DICOM import has ended, and returns its properties."""
    return lambda job: wait_until(
        lambda: imaging.get_dicom_import_job(**job)["jobProperties"],
        lambda found: found["jobStatus"] in ("COMPLETED", "FAILED"),
    )


def test_imports_dicom(start_dicom_import, end_of_job, imaging, aws):
    job = start_dicom_import()
    ended = end_of_job(job)
    assert ended["jobStatus"] == "COMPLETED"

    found = imaging.search_image_sets(datastoreId=job["datastoreId"])
    [summary] = found["imageSetsMetadataSummaries"]
    assert summary["DICOMTags"]["DICOMPatientId"] == "SYNTHETIC-0002"

    # COMPLETED does not mean that every file was imported. The counts are in the manifest. It is found on disk, because
    # the objects of the local AWS are files.
    [manifest] = aws.s3_folder.glob("results/**/job-output-manifest.json")
    counts = json.loads(manifest.read_text())["jobSummary"]
    assert counts["numberOfScannedFiles"] == 2
    assert counts["numberOfImportedFiles"] == 1


def test_imports_fhir(healthlake, s3, wait_until):
    s3.create_bucket(Bucket="incoming")
    s3.upload_file(FILES / "Patient.ndjson", "incoming", "fhir/Patient.ndjson")
    store = healthlake.create_fhir_datastore(DatastoreTypeVersion="R4")["DatastoreId"]
    wait_until(
        lambda: healthlake.describe_fhir_datastore(DatastoreId=store)["DatastoreProperties"],
        lambda found: found["DatastoreStatus"] == "ACTIVE",
    )
    output = {"S3Uri": "s3://results/", "KmsKeyId": "alias/local"}
    job = healthlake.start_fhir_import_job(
        DatastoreId=store,
        DataAccessRoleArn=ROLE,
        InputDataConfig={"S3Uri": "s3://incoming/fhir/"},
        JobOutputDataConfig={"S3Configuration": output},
        ClientToken="patients",
    )
    ended = wait_until(
        lambda: healthlake.describe_fhir_import_job(DatastoreId=store, JobId=job["JobId"])[
            "ImportJobProperties"
        ],
        lambda found: found["JobStatus"] not in ("SUBMITTED", "QUEUED", "IN_PROGRESS"),
    )
    assert ended["JobStatus"] == "COMPLETED"
    assert ended["JobProgressReport"]["TotalNumberOfResourcesImported"] == 2


def test_a_failed_import_is_reported(start_dicom_import, end_of_job, aws):
    aws.control("failOutcome", operation="StartDICOMImportJob", message="The disk is full.")
    ended = end_of_job(start_dicom_import())
    assert (ended["jobStatus"], ended["message"]) == ("FAILED", "The disk is full.")


def test_boto3_retries_a_throttled_call(imaging, aws):
    aws.control("failNext", operation="ListDatastores", error="ThrottlingException")
    assert imaging.list_datastores()["datastoreSummaries"] == []
    outcomes = [call["outcome"] for call in aws.control("calls", operation="ListDatastores")]
    assert outcomes == ["ThrottlingException", "ok"]
