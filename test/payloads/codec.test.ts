import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { DataKeys, ROTATION, type Rotation } from '../../src/payloads/data-keys.ts';
import { EncryptionCodec, type ClearText } from '../../src/payloads/encryption-codec.ts';
import { openKeyFile } from '../../src/payloads/key-file.ts';
import { openKeySource, type KeySource } from '../../src/payloads/key-source.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ahw-keys-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const newKey = () => randomBytes(32).toString('base64');

let files = 0;
function keyFile(...lines: string[]): string {
  const path = join(folder, `keys-${files++}`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

interface Options {
  source?: KeySource;
  namespace?: string;
  rotation?: Partial<Rotation>;
  clearText?: ClearText;
}

function codecOf({ source, namespace = 'default', rotation, clearText = 'take' }: Options = {}) {
  const warnings: string[] = [];
  const keys = new DataKeys(
    source ?? openKeyFile(keyFile(newKey())),
    { namespace },
    { ...ROTATION, ...rotation },
    (line) => warnings.push(line),
  );
  return { keys, warnings, codec: new EncryptionCodec(keys, { namespace }, clearText) };
}

const plain = (text = 'Jane Doe'): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(text)),
});

const textIn = (payload: Payload | undefined) => Buffer.from(payload?.data ?? []).toString();

async function encryptedBy({ codec }: { codec: EncryptionCodec }, payload = plain()): Promise<Payload> {
  const [encrypted] = await codec.encode([payload]);
  return encrypted ?? {};
}

/** The same payload with other metadata or data. */
const altered = (payload: Payload, changed: Payload): Payload => ({
  metadata: { ...payload.metadata, ...changed.metadata },
  ...((changed.data ?? payload.data) && { data: changed.data ?? payload.data }),
});

const message = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  );

test('every payload comes back as it was, and none of it is readable in between', async () => {
  const own = codecOf();
  const metadata = fc.dictionary(fc.string({ minLength: 1 }), fc.uint8Array(), { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(metadata, fc.uint8Array({ minLength: 8, maxLength: 2_000 }), async (given, data) => {
      const encrypted = await encryptedBy(own, { metadata: given, data });
      const [decrypted] = await own.codec.decode([encrypted]);
      expect(Buffer.from(decrypted?.data ?? []).equals(data)).toBe(true);
      expect(Object.keys(decrypted?.metadata ?? {}).toSorted()).toEqual(Object.keys(given).toSorted());
      expect(Buffer.from(encrypted.data ?? []).includes(Buffer.from(data))).toBe(false);
    }),
  );
});

test('a payload with any changed bit, in its data or in what names its key, is refused without quoting it', async () => {
  const own = codecOf();
  const encrypted = await encryptedBy(own);
  const names = ['encryption-context', 'key-id', 'wrapped-key', undefined];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(7), async (name, place, bit) => {
      const bytes = (name === undefined ? encrypted.data : encrypted.metadata?.[name]) ?? new Uint8Array();
      const changed = Uint8Array.from(bytes);
      changed[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ (1 << bit);
      const moved = altered(
        encrypted,
        name === undefined ? { data: changed } : { metadata: { [name]: changed } },
      );
      const said = await message(own.codec.decode([moved]));
      expect(said).not.toBe('no error');
      expect(said).not.toContain('Jane');
    }),
  );
});

test('no two payloads have the same nonce, because that would reveal both', async () => {
  const encrypted = await codecOf().codec.encode(Array.from({ length: 2_500 }, () => plain()));
  const nonces = encrypted.map(({ data }) => Buffer.from(data ?? []).toString('hex', 0, 12));
  expect(new Set(nonces).size).toBe(2_500);
});

test('a truncated payload is refused', async () => {
  const own = codecOf();
  const encrypted = await encryptedBy(own);
  for (const length of [0, 11, 27, (encrypted.data?.length ?? 0) - 1]) {
    const cut = altered(encrypted, { data: Uint8Array.from(encrypted.data ?? []).subarray(0, length) });
    expect(await message(own.codec.decode([cut]))).toMatch(/^A payload cannot be decrypted: it is damaged/);
  }
});

test('a payload of another namespace is refused, even if somebody changes the namespace that it names', async () => {
  const source = openKeyFile(keyFile(newKey()));
  const here = codecOf({ source });
  const moved = await encryptedBy(codecOf({ source, namespace: 'other' }));
  expect(await message(here.codec.decode([moved]))).toMatch(/^A payload was encrypted for another namespace/);
  const renamed = altered(moved, {
    metadata: { 'encryption-context': Buffer.from('{"namespace":"default"}') },
  });
  expect(await message(here.codec.decode([renamed]))).not.toBe('no error');
});

describe('keys', () => {
  test('the first key of a file encrypts, the others decrypt, and a removed one is reported', async () => {
    const [old, recent] = [newKey(), newKey()];
    const before = await encryptedBy(codecOf({ source: openKeyFile(keyFile(old)) }));
    const rotated = codecOf({ source: openKeyFile(keyFile(recent, '', old, '')) });
    expect(textIn((await rotated.codec.decode([before]))[0])).toBe('"Jane Doe"');
    const after = await encryptedBy(rotated);
    const path = keyFile(recent);
    const shredded = codecOf({ source: openKeyFile(path) });
    expect(textIn((await shredded.codec.decode([after]))[0])).toBe('"Jane Doe"');
    expect(await message(shredded.codec.decode([before]))).toBe(
      `A payload is encrypted with a key that is not in ${path}.`,
    );
  });

  test('a data key encrypts as many payloads as it may, and a new one encrypts the next', async () => {
    const own = codecOf({ rotation: { uses: 2 } });
    const wrapped = async () => Buffer.from((await encryptedBy(own)).metadata?.['wrapped-key'] ?? []);
    const [first, second] = [await wrapped(), await wrapped()];
    expect(second.equals(first)).toBe(true);
    expect((await wrapped()).equals(first)).toBe(false);
  });

  test('a data key is replaced when it is old, and the old one is unwrapped once', async () => {
    const file = openKeyFile(keyFile(newKey()));
    let unwrapped = 0;
    const counting: KeySource = {
      ...file,
      unwrap: (...given) => {
        unwrapped += 1;
        return file.unwrap(...given);
      },
    };
    const writer = codecOf({ source: file, rotation: { life: 0 } });
    const old = await encryptedBy(writer);
    const next = await encryptedBy(writer);
    expect(next.metadata?.['wrapped-key']).not.toEqual(old.metadata?.['wrapped-key']);
    const reader = codecOf({ source: counting });
    await reader.codec.decode([old, old, old]);
    await reader.codec.decode([old]);
    expect(unwrapped).toBe(1);
  });

  test.each([
    ['kms', /^PAYLOAD_KEYS must be file:<path> or kms:/],
    ['c2VjcmV0', /^PAYLOAD_KEYS must be file:<path> or kms:[^/]*$/],
    ['file:/none', /^The key file \/none of PAYLOAD_KEYS cannot be read: .*ENOENT/],
  ])('PAYLOAD_KEYS=%s is refused', async (setting, said) => {
    const refused = await message(openKeySource(setting));
    expect(refused).toMatch(said);
    expect(refused).not.toContain('c2VjcmV0');
  });

  test('a file with lines that are not keys is refused, and none of them is shown', async () => {
    const short = randomBytes(31).toString('base64');
    const refused = await message(openKeySource(`file:${keyFile(newKey(), short, '', 'secret!')}`));
    expect(refused).toMatch(/each line must be 32 bytes in base64; lines 2, 4 cannot be read/);
    expect(refused).not.toMatch(/secret/);
    expect(refused).not.toContain(short);
    expect(await message(openKeySource(`file:${keyFile('')}`))).toMatch(/is empty\. To make a key: openssl/);
  });
});

describe('in an outage', () => {
  /** A key file whose keys can be had only while `isUp`. */
  function failing() {
    const state = { isUp: true, calls: 0 };
    const file = openKeyFile(keyFile(newKey()));
    const source: KeySource = {
      newDataKey: async (context) => {
        state.calls += 1;
        if (!state.isUp) throw new Error('down');
        return file.newDataKey(context);
      },
      unwrap: async (...given) => {
        if (!state.isUp) throw new Error('down');
        return file.unwrap(...given);
      },
    };
    return { state, source };
  }

  test('encoding goes on with the last data key, with a counted warning, and changes the key afterwards', async () => {
    const { state, source } = failing();
    const own = codecOf({ source, rotation: { life: 0, retryAfter: 0 } });
    await own.keys.ready();
    state.isUp = false;
    const during = [await encryptedBy(own), await encryptedBy(own), await encryptedBy(own)];
    expect(new Set(during.map(({ metadata }) => String(metadata?.['wrapped-key']))).size).toBe(1);
    expect(own.warnings.at(-1)).toMatch(/no new one can be had \(failed attempts: [23]\): Error: down$/);
    state.isUp = true;
    await encryptedBy(own);
    expect((await encryptedBy(own)).metadata?.['wrapped-key']).not.toEqual(
      during[0]?.metadata?.['wrapped-key'],
    );
  });

  test('a failed attempt is not repeated for each payload', async () => {
    const { state, source } = failing();
    const own = codecOf({ source, rotation: { life: 0 } });
    await own.keys.ready();
    state.isUp = false;
    for (let count = 0; count < 20; count++) await encryptedBy(own);
    expect(state.calls).toBe(2);
  });

  test('a key source that does not answer delays no payload', async () => {
    const { source } = failing();
    let isFirst = true;
    const slow: KeySource = {
      ...source,
      newDataKey: (context) => {
        if (!isFirst) return new Promise(() => undefined);
        isFirst = false;
        return source.newDataKey(context);
      },
    };
    const own = codecOf({ source: slow, rotation: { life: 0 } });
    await own.keys.ready();
    for (let count = 0; count < 3; count++) expect((await encryptedBy(own)).data).toBeDefined();
  });

  test('a worker waits for its first data key', async () => {
    const { state, source } = failing();
    state.isUp = false;
    const own = codecOf({ source });
    const ready = own.keys.ready(1);
    while (own.warnings.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    state.isUp = true;
    await ready;
    expect(own.warnings[0]).toBe('The worker waits for its first data key: Error: down');
    expect((await encryptedBy(own)).data).toBeDefined();
  });

  test('a key that could not be unwrapped is tried again', async () => {
    const { state, source } = failing();
    const encrypted = await encryptedBy(codecOf({ source }));
    const reader = codecOf({ source });
    state.isUp = false;
    expect(await message(reader.codec.decode([encrypted]))).toBe('down');
    state.isUp = true;
    expect(textIn((await reader.codec.decode([encrypted]))[0])).toBe('"Jane Doe"');
  });
});

describe('clear text', () => {
  test('is taken by a client', async () => {
    expect(await codecOf().codec.decode([plain()])).toEqual([plain()]);
  });

  test('is taken by a worker, counted and reported', async () => {
    const lines: string[] = [];
    const { codec } = codecOf({ clearText: { warn: (line) => lines.push(line) } });
    for (let count = 0; count < 12; count++) expect(await codec.decode([plain()])).toEqual([plain()]);
    expect(lines.map((line) => /count: (\d+)/.exec(line)?.[1])).toEqual(['1', '10']);
    expect(lines.join()).not.toContain('Jane');
  });

  test('is refused if that is set', async () => {
    const { codec } = codecOf({ clearText: 'refuse' });
    expect(await message(codec.decode([plain()]))).toBe(
      'A payload came in clear text, which REQUIRE_ENCRYPTION=1 refuses.',
    );
  });
});
