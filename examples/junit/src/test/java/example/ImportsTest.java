package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.healthlake.HealthLakeClient;
import software.amazon.awssdk.services.healthlake.model.DatastoreStatus;
import software.amazon.awssdk.services.healthlake.model.FHIRVersion;
import software.amazon.awssdk.services.healthlake.model.ImportJobProperties;
import software.amazon.awssdk.services.medicalimaging.MedicalImagingClient;
import software.amazon.awssdk.services.medicalimaging.model.DICOMImportJobProperties;
import software.amazon.awssdk.services.medicalimaging.model.JobStatus;
import software.amazon.awssdk.services.s3.S3Client;

@ExtendWith(LocalAws.class)
class ImportsTest {
  private static final Path FILES = Path.of("../files");
  private static final String ROLE = "arn:aws:iam::123456789012:role/import";

  private MedicalImagingClient imaging;
  private HealthLakeClient healthlake;
  private S3Client s3;

  @BeforeEach
  void connect(LocalAws.Server aws) {
    imaging = aws.configure(MedicalImagingClient.builder()).build();
    healthlake = aws.configure(HealthLakeClient.builder()).build();
    s3 = aws.configure(S3Client.builder()).forcePathStyle(true).build();
  }

  @Test
  void importsDicom() throws Exception {
    var job = importDicom();
    assertEquals(JobStatus.COMPLETED, job.jobStatus());
    var found = imaging.searchImageSets(r -> r.datastoreId(job.datastoreId()));
    var patients =
        found.imageSetsMetadataSummaries().stream().map(set -> set.dicomTags().dicomPatientId());
    assertEquals(List.of("SYNTHETIC-0002"), patients.toList());

    // COMPLETED does not mean that every file was imported. The counts are in the manifest.
    var prefix = job.outputS3Uri().replace("s3://results/", "");
    var manifest =
        s3.getObjectAsBytes(r -> r.bucket("results").key(prefix + "job-output-manifest.json")).asUtf8String();
    assertTrue(manifest.contains("\"numberOfScannedFiles\": 2,"), manifest);
    assertTrue(manifest.contains("\"numberOfImportedFiles\": 1,"), manifest);
  }

  @Test
  void importsFhir() throws Exception {
    s3.putObject(r -> r.bucket("incoming").key("fhir/Patient.ndjson"), FILES.resolve("Patient.ndjson"));
    var store = healthlake.createFHIRDatastore(r -> r.datastoreTypeVersion(FHIRVersion.R4)).datastoreId();
    until(
        () -> healthlake.describeFHIRDatastore(r -> r.datastoreId(store)).datastoreProperties(),
        found -> found.datastoreStatus() == DatastoreStatus.ACTIVE);
    var started =
        healthlake.startFHIRImportJob(
            r ->
                r.datastoreId(store)
                    .dataAccessRoleArn(ROLE)
                    .inputDataConfig(input -> input.s3Uri("s3://incoming/fhir/"))
                    .jobOutputDataConfig(
                        output -> output.s3Configuration(c -> c.s3Uri("s3://results/").kmsKeyId("alias/local")))
                    .clientToken("patients"));
    var ended =
        until(
            () ->
                healthlake
                    .describeFHIRImportJob(r -> r.datastoreId(store).jobId(started.jobId()))
                    .importJobProperties(),
            ImportsTest::hasEnded);
    assertEquals("COMPLETED", ended.jobStatusAsString());
    assertEquals(2, ended.jobProgressReport().totalNumberOfResourcesImported());
  }

  @Test
  void aFailedImportIsReported(LocalAws.Server aws) throws Exception {
    aws.control("failOutcome", """
        {"operation": "StartDICOMImportJob", "message": "The disk is full."}""");
    var job = importDicom();
    assertEquals(JobStatus.FAILED, job.jobStatus());
    assertEquals("The disk is full.", job.message());
  }

  @Test
  void theSdkRetriesAThrottledCall(LocalAws.Server aws) throws Exception {
    aws.control("failNext", """
        {"operation": "ListDatastores", "error": "ThrottlingException"}""");
    assertEquals(List.of(), imaging.listDatastores(r -> {}).datastoreSummaries());
    var calls = aws.control("calls", "{\"operation\": \"ListDatastores\"}");
    assertTrue(calls.matches(".*\"outcome\":\"ThrottlingException\".*\"outcome\":\"ok\".*"), calls);
  }

  /** Imports image.dcm, and a file that is not DICOM, into a new data store. */
  private DICOMImportJobProperties importDicom() throws InterruptedException {
    s3.putObject(r -> r.bucket("incoming").key("dicom/image.dcm"), FILES.resolve("image.dcm"));
    s3.putObject(r -> r.bucket("incoming").key("dicom/notes.txt"), RequestBody.fromString("no DICOM"));
    var store = imaging.createDatastore(r -> r.datastoreName("radiology").clientToken("store")).datastoreId();
    until(
        () -> imaging.getDatastore(r -> r.datastoreId(store)).datastoreProperties(),
        found -> found.datastoreStatusAsString().equals("ACTIVE"));
    var started =
        imaging.startDICOMImportJob(
            r ->
                r.datastoreId(store)
                    .dataAccessRoleArn(ROLE)
                    .inputS3Uri("s3://incoming/dicom/")
                    .outputS3Uri("s3://results/")
                    .clientToken("import"));
    return until(
        () -> imaging.getDICOMImportJob(r -> r.datastoreId(store).jobId(started.jobId())).jobProperties(),
        found -> List.of(JobStatus.COMPLETED, JobStatus.FAILED).contains(found.jobStatus()));
  }

  private static boolean hasEnded(ImportJobProperties job) {
    return !List.of("SUBMITTED", "QUEUED", "IN_PROGRESS").contains(job.jobStatusAsString());
  }

  /** Calls {@code read} until {@code wanted} accepts its result, and returns this result. */
  private static <T> T until(Supplier<T> read, Predicate<T> wanted) throws InterruptedException {
    while (true) {
      var found = read.get();
      if (wanted.test(found)) return found;
      Thread.sleep(10);
    }
  }
}
