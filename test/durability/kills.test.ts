/**
 * Whatever process is killed, and at whichever step of a flow: the run completes, and AWS has made one job or one copy.
 *
 * One kill tests many runs, each at another step: a waiting run waits for something that does not end by itself, and a run
 * that changes something waits for the reply to a call.
 */
import type { Moment } from '../../local-aws/faults.ts';
import { many, randomOf, seed, shuffled } from './chance.ts';
import { VICTIMS, startPlatform, type Platform, type Victim } from './platform.ts';
import { KINDS, expectAllWell, putSamples, type Kind } from './runs.ts';
import { bringToStand, letGo, standsOf, type Stand } from './stands.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

const moments: readonly Moment[] = ['before', 'after'];
const kills = VICTIMS.flatMap((victim) => moments.map((moment) => ({ victim, moment })));

/** These flows together contain every kind of step, so every kill runs all of them. The others are distributed among the kills. */
const founding: readonly Kind[] = [
  'onboardDatastoreAndImport',
  'copyImageSet',
  'startImportAndWaitCompleted',
];
const always = KINDS.filter((kind) => many || founding.includes(kind)).flatMap(standsOf);
const others = KINDS.filter((kind) => !many && !founding.includes(kind)).flatMap(standsOf);
const dealt = shuffled(others, randomOf(seed));

const rounds = kills.map((kill, round) => {
  const share = dealt.filter((_, index) => index % kills.length === round);
  return { ...kill, stands: [...always, ...share.filter((stand) => !isLong(kill, stand))] };
});

test.each(rounds)(
  `$victim killed, while calls have no reply $moment they have taken effect, SEED=${seed}`,
  async ({ victim, moment, stands }) => {
    const runs = await bringToStand(platform, stands, moment);
    await platform.killAndRestart(victim);
    await letGo(platform, runs);
    await expectAllWell(platform, runs);
  },
  180_000,
);

/** Before a copy into a new image set is sent again, the run searches for the image set for a minute. */
function isLong({ victim, moment }: { victim: Victim; moment: Moment }, { kind, step }: Stand): boolean {
  return victim === 'local AWS' && moment === 'before' && kind === 'copyToNew' && step === 'copyImageSet';
}
