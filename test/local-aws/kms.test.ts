import { KMS } from '@aws-sdk/client-kms';
import { localAws, type LocalAwsUnderTest } from './harness.ts';

let aws: LocalAwsUnderTest;
let kms: KMS;
beforeAll(async () => {
  aws = await localAws();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  kms = new KMS({ endpoint: aws.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  kms.destroy();
  await aws.close();
});

const KeyId = 'alias/payloads';
const EncryptionContext = { namespace: 'default', tenant: 'a' };

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    ({ name }: Error) => name,
  );

test('a data key is unwrapped with the same encryption context, in whatever order its members are', async () => {
  const made = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256', EncryptionContext });
  expect(made).toMatchObject({
    KeyId: expect.stringMatching(/^arn:aws:kms:us-east-1:123456789012:key\//) as string,
  });
  expect(made.Plaintext).toHaveLength(32);
  const { CiphertextBlob } = made;
  const swapped = { tenant: 'a', namespace: 'default' };
  const back = await kms.decrypt({ CiphertextBlob, EncryptionContext: swapped });
  expect(back).toMatchObject({ KeyId: made.KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
  expect(back.Plaintext).toEqual(made.Plaintext);
  const other = { ...EncryptionContext, namespace: 'other' };
  expect(await failure(kms.decrypt({ CiphertextBlob, EncryptionContext: other }))).toBe(
    'InvalidCiphertextException',
  );
});

test('a changed ciphertext, one of another key and a meaningless one are refused', async () => {
  const { CiphertextBlob = new Uint8Array() } = await kms.generateDataKey({ KeyId, NumberOfBytes: 64 });
  const changed = CiphertextBlob.map((byte, index) =>
    index === CiphertextBlob.length - 1 ? byte ^ 1 : byte,
  );
  expect(await failure(kms.decrypt({ CiphertextBlob: changed }))).toBe('InvalidCiphertextException');
  expect(await failure(kms.decrypt({ CiphertextBlob: CiphertextBlob.subarray(0, 50) }))).toBe(
    'InvalidCiphertextException',
  );
  expect(await failure(kms.decrypt({ CiphertextBlob: new Uint8Array([1]) }))).toBe(
    'InvalidCiphertextException',
  );
  expect(await failure(kms.decrypt({ CiphertextBlob, KeyId: 'alias/other' }))).toBe('IncorrectKeyException');
});

test('a key is described by its alias, its id and its ARN, and a disabled one encrypts and decrypts nothing', async () => {
  const { KeyMetadata } = await kms.describeKey({ KeyId: 'alias/disabled' });
  const { CiphertextBlob } = await kms.generateDataKey({ KeyId: 'alias/disabled', KeySpec: 'AES_128' });
  await kms.disableKey({ KeyId: KeyMetadata?.KeyId });
  for (const named of [KeyMetadata?.KeyId, KeyMetadata?.Arn]) {
    const described = await kms.describeKey({ KeyId: named });
    expect(described.KeyMetadata).toEqual({ ...KeyMetadata, Enabled: false, KeyState: 'Disabled' });
  }
  const generate = () => kms.generateDataKey({ KeyId: 'alias/disabled', KeySpec: 'AES_256' });
  expect(await failure(generate())).toBe('DisabledException');
  expect(await failure(kms.decrypt({ CiphertextBlob }))).toBe('DisabledException');
  await kms.enableKey({ KeyId: KeyMetadata?.KeyId });
  expect(await failure(generate())).toBe('no error');
});

test('inputs that KMS refuses are refused', async () => {
  expect(await failure(kms.generateDataKey({ KeyId }))).toBe('ValidationException');
  expect(await failure(kms.generateDataKey({ KeyId, KeySpec: 'AES_256', NumberOfBytes: 32 }))).toBe(
    'ValidationException',
  );
  expect(await failure(kms.generateDataKey({ KeyId, NumberOfBytes: 1025 }))).toBe('ValidationException');
  expect(await failure(kms.describeKey({ KeyId: 'a key' }))).toBe('NotFoundException');
  expect(await failure(kms.listKeys({}))).toBe('UnknownOperationException');
});

test('a key that does not exist is not made if the setting says so', async () => {
  await aws.control.settings({ missingKmsKey: 'error' });
  expect(await failure(kms.describeKey({ KeyId: 'alias/none' }))).toBe('NotFoundException');
  await aws.control.settings({ missingKmsKey: 'create' });
});

test('faults apply to KMS as to the other services', async () => {
  await aws.control.failNext({ operation: 'GenerateDataKey', error: 'AccessDeniedException' });
  const generate = () => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' });
  expect(await failure(generate())).toBe('AccessDeniedException');
  expect(await failure(generate())).toBe('no error');
});
