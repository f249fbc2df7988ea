/**
 * Whatever is killed, and whichever step a flow stands at: the run ends right, and AWS has seen one job, one copy.
 *
 * One kill serves many runs, each of which stands at a step of its own: those that wait, at something that does not end
 * by itself; those that change something, at a call that is not answered.
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

/** Between them they have a step of every sort: each kill hits them all. The others are dealt among the kills. */
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
  `$victim killed, with calls unanswered $moment they have taken effect, SEED=${seed}`,
  async ({ victim, moment, stands }) => {
    const runs = await bringToStand(platform, stands, moment);
    await platform.killAndRestart(victim);
    await letGo(platform, runs);
    await expectAllWell(platform, runs);
  },
  180_000,
);

/** A new image set that was not made is looked for a minute long, before the copy is sent again. */
function isLong({ victim, moment }: { victim: Victim; moment: Moment }, { kind, step }: Stand): boolean {
  return victim === 'local AWS' && moment === 'before' && kind === 'copyToNew' && step === 'copyImageSet';
}
