/** The laws of cutting a folder into jobs, for arbitrary trees of folders. */
import fc from 'fast-check';
import { Cutter, type CutResult, type JobLimits } from '../../src/activities/fleet/cut.ts';
import { inOrder } from '../../src/activities/fleet/roots.ts';

const name = fc.constantFrom('a', 'b', 'c', 'b1', '-', 'é', '\u{1F600}', '\uFFFD');
const key = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `in/${parts.join('/')}`);
const tree = fc
  .uniqueArray(fc.record({ key, size: fc.integer({ min: 0, max: 30 }) }), {
    selector: (object) => object.key,
    maxLength: 40,
  })
  .map((objects) => {
    const sizes = new Map(objects.map((object) => [object.key, object.size]));
    return inOrder([...sizes.keys()]).map((each) => ({ key: each, size: sizes.get(each) ?? 0 }));
  });
const limits = fc.record({
  files: fc.integer({ min: 1, max: 8 }),
  bytes: fc.integer({ min: 10, max: 100 }),
  folders: fc.integer({ min: 0, max: 5 }),
});

type Tree = { key: string; size: number }[];

function cut(objects: Tree, most: JobLimits): CutResult {
  const cutter = new Cutter('in/', most);
  for (const object of objects) cutter.add(object);
  return cutter.end();
}

const below = (objects: Tree, prefix: string) => objects.filter((object) => object.key.startsWith(prefix));
const bytesOf = (objects: Tree) => objects.reduce((sum, { size }) => sum + size, 0);
const folderOf = (of: string) => of.slice(0, of.lastIndexOf('/') + 1);
const foldersIn = (objects: Tree, prefix: string) =>
  new Set(
    objects.flatMap((object) => {
      const parts = folderOf(object.key).slice(prefix.length).split('/').slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    }),
  ).size;

function fits(objects: Tree, prefix: string, { files, bytes, folders = Infinity }: JobLimits): boolean {
  const inside = below(objects, prefix);
  return inside.length <= files && bytesOf(inside) <= bytes && foldersIn(inside, prefix) <= folders;
}

test('each file is in exactly one job, or among the files that cannot be imported', () => {
  fc.assert(
    fc.property(tree, limits, (objects, most) => {
      const { jobs, uncut } = cut(objects, most);
      const places = objects.map((object) => [
        ...jobs.filter(({ prefix }) => object.key.startsWith(prefix)),
        ...uncut.filter(({ folder, first, last }) => {
          const between = inOrder([first, object.key, last])[1] === object.key;
          return folderOf(object.key) === folder && between;
        }),
      ]);
      expect(places.filter((found) => found.length !== 1)).toEqual([]);
    }),
  );
});

test('no job exceeds a limit, and its amounts are what is below its prefix', () => {
  fc.assert(
    fc.property(tree, limits, (objects, most) => {
      for (const { prefix, files, bytes } of cut(objects, most).jobs) {
        const inside = below(objects, prefix);
        expect([files, bytes]).toEqual([inside.length, bytesOf(inside)]);
        expect(fits(objects, prefix, most)).toBe(true);
      }
    }),
  );
});

test('no job could be larger: the folder around it is too large', () => {
  fc.assert(
    fc.property(tree, limits, (objects, most) => {
      for (const { prefix } of cut(objects, most).jobs) {
        const around = folderOf(prefix.slice(0, -1));
        expect(prefix === 'in/' || !fits(objects, around, most)).toBe(true);
      }
    }),
  );
});

test('a cutter that continues from the state of another one gives the same jobs', () => {
  fc.assert(
    fc.property(tree, limits, fc.nat({ max: 40 }), (objects, most, at) => {
      const first = new Cutter('in/', most);
      for (const object of objects.slice(0, at)) first.add(object);
      const early = first.take();
      const second = new Cutter('in/', most, [], JSON.parse(JSON.stringify(first.state)));
      for (const object of objects.slice(at)) second.add(object);
      const late = second.end();
      expect({ jobs: [...early.jobs, ...late.jobs], uncut: [...early.uncut, ...late.uncut] }).toEqual(
        cut(objects, most),
      );
    }),
  );
});

test.each([
  ['too many in one folder', ['in/1', 'in/2', 'in/3']],
  ['beside sub-folders', ['in/1', 'in/a/1', 'in/a/2']],
  ['too large for one job', ['in/large']],
])('files that no prefix can import are named with the reason: %s', (why, keys) => {
  const size = why === 'too large for one job' ? 11 : 1;
  const { uncut } = cut(
    keys.map((each) => ({ key: each, size })),
    { files: 2, bytes: 10 },
  );
  expect(uncut).toContainEqual(expect.objectContaining({ folder: 'in/', why }));
});
