/** A fleet continues as new before its history is long, and loses neither a job nor an update. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FleetStanding } from '../../src/workflows/fleet/steering.ts';
import { localAws, p10, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { archive, eachOnce, jobsInAws } from './archive.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;

withCluster(
  () => localAws({ dicomImportMs: 30 }),
  (...platform) => ([aws, cluster] = platform),
  { dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'] },
);

test('over many runs each job is imported once, also from copies, and each update takes effect', async () => {
  // 30 folders of one file each, and beside them 10 files that only copies can import.
  const slices = Array.from({ length: 10 }, (_, number) => [
    `in/${number}.dcm`,
    p10({ series: `1.3.${number}`, instance: `1.3.${number}.1` }),
  ]);
  const root = await archive(aws, 30, Object.fromEntries(slices));
  const input = { ...root, concurrency: 2, stagingS3Uri: root.inputS3Uri.replace('/in/', '/copies/') };
  const { workflowId, firstExecutionRunId, ...run } = await cluster.flows.start('importAllDicom', input);
  const { workflow } = cluster.flows.temporal;
  const handle = workflow.getHandle(workflowId);
  const standings: FleetStanding[] = [];
  for (let value = 3; value < 23; value++) {
    standings.push(await handle.executeUpdate<FleetStanding, [number]>('setConcurrency', { args: [value] }));
    await pause(20);
  }
  expect(standings.map(({ concurrency }) => concurrency)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 3),
  );
  expect(await run.result()).toMatchObject({ outcome: 'complete', imports: { planned: 40, complete: 40 } });
  expect(await jobsInAws(aws, input)).toEqual(eachOnce(40));
  const recorded: string[] = [];
  for await (const { what, name = what } of cluster.flows.record(workflowId)) recorded.push(name);
  const count = (sought: string) => recorded.filter((name) => name === sought).length;
  expect([count('started'), count('setConcurrency'), count('startImports')]).toEqual([1, 20, 40]);
  const { runId, historyLength } = await handle.describe();
  expect(runId).not.toBe(firstExecutionRunId);
  expect(historyLength).toBeLessThan(120);
});
