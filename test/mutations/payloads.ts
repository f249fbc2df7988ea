import type { Behaviour } from './behaviour.ts';

const kms = ['test/local-aws/kms'];

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
];
