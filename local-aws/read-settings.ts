import { defaultSettings, type Settings } from './settings.ts';
import type { Duration } from './timeline.ts';

/** The settings whose value is one of several words. */
const choices: { readonly [name: string]: readonly string[] } = {
  emptyInput: ['COMPLETED', 'FAILED'],
  missingInputBucket: ['COMPLETED', 'FAILED'],
  missingBucket: ['create', 'error'],
  missingKmsKey: ['create', 'error'],
  imageSetGrouping: ['listedElements', 'allElements'],
  frameEncoding: ['service', 'stored'],
  frameSizeInBytes: ['decoded', 'encoded'],
  dicomWebSearchKeys: ['listed', 'any'],
  metadataConstraintBreach: ['ValidationException', 'UPDATE_FAILED'],
  sourceStatusAfterFailedCopy: ['COPIED', 'COPY_FAILED'],
  fhirErrorStatus: ['400', 'modelled'],
} satisfies Partial<Record<keyof Settings, readonly string[]>>;

/** The texts that must have a form. */
const forms: { readonly [name: string]: { readonly form: RegExp; readonly says: string } } = {
  limits: {
    form: /^(off|documented|scaled:\d*\.?\d*[1-9]\d*)$/,
    says: 'off, documented, or scaled: and how many times as fast as AWS, such as scaled:30',
  },
  eventQueue: {
    form: /^[\w-]{1,80}$/,
    says: 'the name of a standard queue: 1 to 80 letters, digits, hyphens and underscores',
  },
} satisfies Partial<Record<keyof Settings, object>>;

/** Thrown for a setting that does not exist or a value that it cannot take; the message is for the user. */
export class SettingError extends Error {}

/**
 * Reads settings as they come from a command line (`copyMs=50`) or from JSON.
 *
 * @throws SettingError that names the setting and its valid values
 */
export function readSettings(values: Readonly<Record<string, unknown>>): Partial<Settings> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, readSetting(name, value)]));
}

function readSetting(name: string, value: unknown): unknown {
  const standard: unknown = Object.hasOwn(defaultSettings, name)
    ? defaultSettings[name as keyof Settings]
    : undefined;
  const words = choices[name];
  if (words) {
    if (words.includes(String(value))) return String(value);
    throw new SettingError(`${name} must be one of ${words.join(', ')}`);
  }
  if (typeof standard === 'number') return readNumber(name, value);
  if (typeof standard === 'boolean') {
    if (['true', 'false'].includes(String(value))) return String(value) === 'true';
    throw new SettingError(`${name} must be true or false`);
  }
  if (typeof standard === 'string') {
    const { form = /./, says = 'a text' } = forms[name] ?? {};
    if (typeof value === 'string' && form.test(value)) return value;
    throw new SettingError(`${name} must be ${says}`);
  }
  throw new SettingError(
    `there is no setting ${JSON.stringify(name)}; there are ${Object.keys(defaultSettings).join(', ')}`,
  );
}

function readNumber(name: string, value: unknown): Duration {
  const isDuration = name.endsWith('Ms');
  if (isDuration && value === 'never') return value;
  const number = value === '' || value === null ? NaN : Number(value);
  if (number >= 0 && Number.isFinite(number)) return number;
  throw new SettingError(`${name} must be a number${isDuration ? ' of milliseconds, or never' : ''}`);
}
