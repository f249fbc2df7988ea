import { convertBytes } from 'dicom-character-set';

/**
 * Spellings that are met in files, and sets that the library does not know. Latin alphabet No. 9 came to PS3.3 in 2022d,
 * after the edition that the library follows.
 */
const spellings: Readonly<Record<string, string>> = {
  'UTF-8': 'ISO_IR 192',
  UTF8: 'ISO_IR 192',
  'ISO 2022 IR 192': 'ISO_IR 192',
  'ISO 2022 GBK': 'GBK',
  'ISO 2022 58': 'ISO 2022 IR 58',
};

const LATIN_9 = /^ISO(_| 2022 )IR 203$/;

/** All code extensions of PS3.3 section C.12.1.1.2, for texts that switch to one which their file does not declare. */
const EVERY_EXTENSION = [13, 87, 159, 149, 58, 100, 101, 109, 110, 144, 127, 126, 138, 148, 166]
  .map((number) => `ISO 2022 IR ${number}`)
  .join('\\');

/**
 * Text by the value of SpecificCharacterSet (0008,0005): one set, or several with code extensions (PS3.5 section
 * 6.1.2.5). A set that is not known is taken for Latin-1, as is a byte above 127 where no set is named.
 *
 * @param vr - tells which characters end a code extension
 */
export function decodeText(bytes: Buffer, characterSet: string, vr: string): string {
  const sets = characterSet
    .split('\\')
    .map((set) =>
      set
        .replaceAll('\0', '')
        .trim()
        .toUpperCase()
        .replace(/^ISO[-_ ]IR[-_ ]/, 'ISO_IR '),
    )
    .map((set) => spellings[set] ?? set);
  const [first = ''] = sets;
  const hasEscapes = bytes.includes(ESCAPE);
  // Without escape sequences only the first set counts. The library takes Latin-1 for Windows-1252.
  if (!hasEscapes && latin1.has(first)) return bytes.toString('latin1');
  if (LATIN_9.test(first)) return new TextDecoder('iso-8859-15').decode(bytes);
  const isExtended = sets.length > 1 || first.startsWith('ISO 2022');
  const extended = [sets.join('\\'), `${first.replace('ISO_IR', 'ISO 2022 IR')}\\${EVERY_EXTENSION}`];
  const attempts = hasEscapes && !isExtended ? extended.toReversed() : extended;
  for (const attempt of attempts) {
    try {
      return convertBytes(attempt, bytes, { vr });
    } catch {
      // An unknown set or escape sequence: the next attempt knows more, or less.
    }
  }
  return bytes.toString('latin1');
}

const ESCAPE = 0x1b;
const latin1 = new Set(['', 'ISO_IR 6', 'ISO_IR 100', 'ISO 2022 IR 6', 'ISO 2022 IR 100']);

/** Text that reads the same in every set: the default repertoire, without escape sequences. */
export function isAscii(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === ESCAPE) return false;
  return true;
}
