import { startLocalAws } from 'aws-health-workflows/local-aws';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Gives each test file a local AWS of its own, the global `aws`, and empties it before each test.
 *
 * Jest loads an environment with Node itself, and only the tests with its own loader. So an environment can import this
 * package, an ES module, without `--experimental-vm-modules`.
 */
export default class LocalAwsEnvironment extends TestEnvironment {
  #aws;

  async setup() {
    await super.setup();
    this.#aws = await startLocalAws({ memory: true, fast: true });
    this.global.aws = this.#aws;
  }

  async handleTestEvent({ name }) {
    if (name === 'test_start') await this.#aws.control.reset();
  }

  async teardown() {
    await this.#aws?.close();
    await super.teardown();
  }
}
