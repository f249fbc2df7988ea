/** Kills at random moments, of every flow that changes something. `npm run test:durability` makes many. */
import { setTimeout as pause } from 'node:timers/promises';
import { instant } from '../local-aws/harness.ts';
import { many, randomOf, seed } from './chance.ts';
import { VICTIMS, startPlatform, type Platform } from './platform.ts';
import { KINDS, begin, expectAllWell, prepare, putSamples } from './runs.ts';

const kills = many ? 40 : 3;
const KILLS_A_ROUND = 5;

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

test(
  `${kills} kills, SEED=${seed}: every run completes, and AWS contains each created resource exactly once`,
  async () => {
    const random = randomOf(seed);
    for (let left = kills; left > 0; left -= KILLS_A_ROUND) {
      await platform.aws.control.settings(instant);
      const ready = await Promise.all(KINDS.map((kind) => prepare(platform, kind)));
      await platform.aws.control.settings({
        datastoreCreateMs: 1_500,
        dicomImportMs: 1_500,
        copyMs: 3_000,
        updateMs: 3_000,
        fhirDatastoreCreateMs: 1_500,
        fhirDatastoreDeleteMs: 1_500,
        fhirImportMs: 1_500,
        fhirExportMs: 1_500,
      });

      const runs = await Promise.all(ready.map((one) => begin(platform, one)));
      for (let kill = Math.min(left, KILLS_A_ROUND); kill > 0; kill--) {
        await pause(random() * 1_500);
        await platform.killAndRestart(VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'worker');
      }
      await expectAllWell(platform, runs);
    }
  },
  90_000 + kills * 15_000,
);
