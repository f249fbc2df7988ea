import type { Behaviour } from './behaviour.ts';

const kms = ['test/local-aws/kms'];
const codec = ['test/payloads/codec'];

/** The intended behaviours of the encryption of payloads, and of the local KMS. */
export const PAYLOADS: readonly Behaviour[] = [
  {
    what: 'the local KMS unwraps a data key only with its encryption context',
    file: 'local-aws/kms/key.ts',
    code: 'decipher.setAAD(Buffer.from(canonicalJson(context)));',
    without: 'decipher.setAAD(Buffer.from(canonicalJson({ namespace: "default", tenant: "a" })));',
    tests: kms,
    named: 'with the same encryption context',
  },
  {
    what: 'a disabled key of the local KMS does nothing',
    file: 'local-aws/kms/key.ts',
    code: 'if (!key.enabled)',
    without: 'if (false)',
    tests: kms,
    named: 'a disabled one',
  },
  {
    what: 'a data key of a file is unwrapped only for its namespace',
    file: 'src/payloads/encryption-codec.ts',
    code: 'if (textOf(metadata[CONTEXT]) !== this.#context) {',
    without: 'if (false) {',
    tests: codec,
    named: 'a payload of another namespace',
  },
  {
    what: 'encoding goes on with the last data key',
    file: 'src/payloads/data-keys.ts',
    code: 'void this.#renew().catch((error: unknown) => this.#warnOf(error));',
    without: 'await this.#renew();',
    tests: codec,
    named: 'encoding goes on with the last data key',
  },
  {
    what: 'a failed attempt to get a data key is not repeated at once',
    file: 'src/payloads/data-keys.ts',
    code: 'this.#nextTry = Date.now() + this.#rotation.retryAfter;',
    without: '',
    tests: codec,
    named: 'a failed attempt is not repeated',
  },
  {
    what: 'a key that cannot be unwrapped is tried again',
    file: 'src/payloads/data-keys.ts',
    code: 'key.catch(() => this.#unwrapped.delete(id));',
    without: 'key.catch(() => undefined);',
    tests: codec,
    named: 'is tried again',
  },
  {
    what: 'clear text is refused where encryption is required',
    file: 'src/payloads/encryption-codec.ts',
    code: "throw new UserError('A payload came in clear text, which REQUIRE_ENCRYPTION=1 refuses.');",
    without: 'return payload;',
    tests: codec,
    named: 'is refused if that is set',
  },
  {
    what: 'pages of other origins may not call the codec server',
    file: 'src/payloads/codec-server.ts',
    code: 'if (origin !== undefined && origin !== options.uiOrigin) return end(response, 403);',
    without: '',
    tests: ['test/payloads/codec-server'],
    named: 'refuses pages of other origins',
  },
  {
    what: 'an access token for another audience is refused',
    file: 'src/payloads/codec-access.ts',
    code: 'const options = { audience, algorithms',
    without: 'const options = { algorithms',
    tests: ['test/payloads/codec-server'],
    named: 'with the sign-in of the Web UI',
  },
  {
    what: 'a printed command of the Temporal CLI names the codec server',
    file: 'src/temporal/temporal-command.ts',
    code: "shellCommand(program, ...words, '--codec-endpoint', endpoint)",
    without: 'shellCommand(program, ...words)',
    tests: ['test/payloads/codec-server'],
    named: 'a printed command of the Temporal CLI',
  },
  {
    what: 'a start on a folder of encrypted runs encrypts, whether asked to or not',
    file: 'dev/encrypted-folder.ts',
    code: 'return before || wanted;',
    without: 'return wanted;',
    tests: ['test/dev/encrypted'],
    named: 'a start on the same folder without --encrypted',
  },
  {
    what: 'the history of a run has the ids of its requests, by which CloudTrail is searched',
    file: 'src/activities/operation.ts',
    code: 'return { ...toJson(reply), ...(requestId !== undefined && { requestId }) };',
    without: 'return toJson(reply);',
    tests: ['test/fleet/continue'],
    named: 'over many runs',
  },
];
