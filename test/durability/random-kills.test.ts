/** Kills at moments that nobody has chosen. `npm run test:durability` asks for many of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { VICTIMS, startPlatform, type Platform } from './platform.ts';
import { copyPairs, counts, endOf, fhirDatastore, putSamples, runsOf, versions } from './runs.ts';

const kills = Number(process.env['KILLS'] ?? 3);
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

test(
  `${kills} kills, SEED=${seed}: every run ends well, and AWS has seen one job or copy for each`,
  async () => {
    const random = randomOf(seed);
    const { onboard, copy, fhirImport } = runsOf(platform);
    for (let left = kills; left > 0; left -= 5) {
      const pairs = await copyPairs(platform, 3);
      const stores = [await fhirDatastore(platform), await fhirDatastore(platform)];
      const before = await counts(platform);
      await platform.aws.control.settings({
        datastoreCreateMs: 1_500,
        dicomImportMs: 1_500,
        copyMs: 3_000,
        fhirImportMs: 3_000,
      });

      const runs = await Promise.all([onboard(), onboard(), ...pairs.map(copy), ...stores.map(fhirImport)]);
      const results = Promise.all(runs.map((run) => run.result()));
      for (let kill = Math.min(left, 5); kill > 0; kill--) {
        await pause(random() * 1_500);
        await platform.killAndRestart(VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'worker');
      }

      expect((await results).map((result) => endOf(result))).toEqual([
        'complete',
        'complete',
        'COPIED',
        'COPIED',
        'COPIED',
        'complete',
        'complete',
      ]);
      const after = await counts(platform);
      expect(after.datastores - before.datastores).toBe(2);
      expect(after.dicomImport - before.dicomImport).toBe(2);
      expect(after.fhirImport - before.fhirImport).toBe(2);
      expect(await versions(platform, pairs)).toEqual(['2', '2', '2']);
    }
  },
  60_000 + kills * 10_000,
);

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
