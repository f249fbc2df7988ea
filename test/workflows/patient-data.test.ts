/**
 * No flow exposes patient data outside of inputs, results and failure details.
 *
 * A payload codec encrypts payloads only: ids, failure messages and search attributes are stored and indexed in clear text
 * (https://docs.temporal.io/payload-codec). The service is scripted, so that AWS's messages contain test patients.
 */
import { FlowClient } from '../../src/client.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { recordOf } from '../../src/lib/guards.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { datastoreId } from '../support/inputs.ts';
import { CASES, PATIENT, PLANTED, WORDS, runCase } from '../support/patient-cases.ts';
import { error, startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';
import { encodedIn, everythingStored, withChildren } from '../support/stored.ts';
import { hashesOf, shownOf, workerLog } from '../support/shown.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

/** What AWS receives about a run: names and tokens. */
const namesGiven = () =>
  aws.calls.map(({ body }) => {
    const { JobName, ClientToken, jobName, clientToken } = recordOf(body);
    return [JobName, ClientToken, jobName, clientToken];
  });

/** The possible inputs of a run for each patient, which an attacker would hash and compare. */
const suspected = (input: object) => [...PLANTED, canonicalJson(input), JSON.stringify(input)];

test.each(CASES)('$flow, $what: nothing of the patient is shown', async (planted) => {
  const { input, type, words } = planted;
  const { run, failedBy, message, details } = await runCase(aws, cluster, planted);
  expect(failedBy).toBe(type);
  // The user still gets AWS's message, in the details.
  if (words) expect(details?.[0]).toMatchObject({ awsMessage: expect.stringContaining(WORDS) });

  const ids = await withChildren(cluster, run.workflowId);
  const handles = ids.map((id) => cluster.flows.temporal.workflow.getHandle(id));
  const shown = [...(await Promise.all(handles.map(shownOf))), JSON.stringify(namesGiven())].join('\n');
  // Proves that the searched data contain the failure's message at all.
  expect(shown).toContain(message);
  expect(leaks(shown)).toEqual([]);
  // They are stored in what a payload codec encrypts: without one, whoever reads the history finds them.
  const stored = await everythingStored(cluster, ids);
  if (words) expect(encodedIn(stored, PLANTED)).toEqual(PLANTED);
  if (PLANTED.some((text) => JSON.stringify(input).includes(text))) {
    expect(hashesOf(suspected(input)).filter((hash) => ids.join().includes(hash))).toEqual([]);
  }
});

/** This test is the last, because the log of the worker arrives a moment later. */
test('the log of the worker names the failures, and no patient', () => {
  const log = workerLog();
  for (const { flow } of CASES.filter(({ type }) => type)) expect(log).toContain(`workflowType: '${flow}'`);
  expect(leaks(log)).toEqual([]);
});

/** The texts of test patients that occur in the shown data. */
const leaks = (shown: string) => [...PLANTED, WORDS].filter((text) => shown.includes(text));

describe('a run whose input contains a patient', () => {
  const input = { datastoreId, dicomPatientId: PATIENT.id };
  const slow = { SearchImageSets: [error('ThrottlingException')] };

  test('is a new run at each start, and the same run with a shared key', async () => {
    aws.script(slow);
    const { temporal, taskQueue } = cluster.flows;
    const keyed = new FlowClient(temporal, taskQueue, 'a key that nobody guesses');
    const start = (flows: FlowClient) => flows.start('findImageSetByPatient', input);
    const runs = [
      await start(cluster.flows),
      await start(cluster.flows),
      await start(keyed),
      await start(keyed),
    ];
    const [one, another, first, second] = runs.map((run) => run.firstExecutionRunId);
    expect(another).not.toBe(one);
    expect(second).toBe(first);
    for (const run of new Set(runs.slice(0, 3))) await run.terminate();
  });

  test('is found by a given workflow id, and not confused with the run of another patient', async () => {
    aws.script(slow);
    const options = { workflowId: 'given' };
    const run = await cluster.flows.start('findImageSetByPatient', input, options);
    const again = await cluster.flows.start('findImageSetByPatient', { ...input }, options);
    expect(again.firstExecutionRunId).toBe(run.firstExecutionRunId);
    const other = { ...input, dicomPatientId: '4711008' };
    await expect(cluster.flows.start('findImageSetByPatient', other, options)).rejects.toThrow(
      'given is the id of an open run',
    );
    await run.terminate();
  });
});
