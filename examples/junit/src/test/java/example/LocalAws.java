package example;

import static org.junit.jupiter.api.extension.ExtensionContext.Namespace.GLOBAL;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.regions.Region;

/**
 * Starts a local AWS once for each JVM, and empties it before each test. A test gets it as a parameter:
 *
 * <pre>{@code
 * @ExtendWith(LocalAws.class)
 * class MyTest {
 *   @Test
 *   void test(LocalAws.Server aws) {
 *     MedicalImagingClient imaging = aws.configure(MedicalImagingClient.builder()).build();
 * }</pre>
 */
public final class LocalAws implements BeforeEachCallback, ParameterResolver {
  /** In a project of your own: node_modules/aws-health-workflows. Maven runs tests in the folder of pom.xml. */
  private static final Path PACKAGE = Path.of("../..");

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    serverOf(context).control("reset", "{}");
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Server.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return serverOf(context);
  }

  /** JUnit closes the server when all tests have ended, because it is in the store of the root context. */
  private static Server serverOf(ExtensionContext context) {
    var store = context.getRoot().getStore(GLOBAL);
    return store.computeIfAbsent(Server.class, ignored -> Server.start(), Server.class);
  }

  public static final class Server implements AutoCloseable {
    private static final Pattern ENDPOINT = Pattern.compile("\"endpoint\":\"([^\"]+)\"");

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final String endpoint;

    private Server(Process process, String endpoint) {
      this.process = process;
      this.endpoint = endpoint;
    }

    static Server start() {
      var program = PACKAGE.resolve("dist/src/cli.js").toString();
      var builder = new ProcessBuilder("node", program, "local-aws", "--memory", "--fast", "--port", "0", "--json");
      try {
        var process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = process.inputReader();
        var line = output.readLine();
        var found = ENDPOINT.matcher(line == null ? "" : line);
        if (!found.find()) throw new IllegalStateException("The local AWS did not start: the reason is above.");
        return new Server(process, found.group(1));
      } catch (IOException error) {
        throw new IllegalStateException("The local AWS needs Node in the PATH.", error);
      }
    }

    /** Points a client of any of the three services at the local AWS. */
    public <B extends AwsClientBuilder<B, ?>> B configure(B builder) {
      var credentials = AwsBasicCredentials.create("local", "local");
      return builder
          .endpointOverride(URI.create(endpoint))
          .region(Region.US_EAST_1)
          .credentialsProvider(StaticCredentialsProvider.create(credentials))
          // Without this, the SDK calls runtime-127.0.0.1, which does not exist.
          .overrideConfiguration(
              o -> o.putAdvancedOption(SdkAdvancedClientOption.DISABLE_HOST_PREFIX_INJECTION, true));
    }

    /**
     * Calls a control endpoint, such as {@code failNext}: docs/local-aws.md lists them.
     *
     * @return its answer, as JSON
     */
    public String control(String verb, String json) throws IOException, InterruptedException {
      var uri = URI.create(endpoint + "/_local/" + verb);
      var request = HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(json)).build();
      var response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() != 200) throw new IllegalArgumentException(response.body());
      return response.body();
    }

    @Override
    public void close() throws InterruptedException {
      process.destroy();
      process.waitFor();
    }
  }
}
