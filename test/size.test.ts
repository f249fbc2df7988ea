import fc from 'fast-check';
import { bytesOf, cutList, cutText } from '../src/lib/size.ts';

test('a value is measured in bytes of JSON in UTF-8', () => {
  expect(bytesOf('é')).toBe(4);
  expect(bytesOf('🫀')).toBe(6);
  // JSON escapes control characters.
  expect(bytesOf('\u0000')).toBe(8);
  expect(bytesOf({ a: undefined })).toBe(2);
  expect(bytesOf(undefined)).toBe(0);
});

const texts = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '語', '🫀'), maxLength: 60 });

test('a text that is cut takes no more bytes than it may, and begins as it did', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 5, max: 100 }), (text, most) => {
      const cut = cutText(text, most);
      expect(bytesOf(cut)).toBeLessThanOrEqual(most);
      if (cut !== text) expect(text.startsWith(cut.slice(0, -1)) && cut.endsWith('…')).toBe(true);
      if (bytesOf(text) <= most) expect(cut).toBe(text);
    }),
  );
});

test('a list that is cut takes no more bytes than it may, and has room for no further item', () => {
  fc.assert(
    fc.property(fc.array(texts), fc.integer({ min: 0, max: 500 }), (items, most) => {
      const cut = cutList(items, most);
      expect(cut).toEqual(items.slice(0, cut.length));
      expect(bytesOf(cut)).toBeLessThanOrEqual(most + 2);
      const next = items[cut.length];
      if (next !== undefined) expect(bytesOf([...cut, next])).toBeGreaterThan(most);
    }),
  );
});
