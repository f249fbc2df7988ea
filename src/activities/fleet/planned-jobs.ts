/** Finds the jobs of a plan by their indexes, which count the jobs of all parts one after the other. */
import type { S3Client } from '@aws-sdk/client-s3';
import { readUriLines } from '../s3.ts';
import { planFiles, readJson, type PlanHead, type PlannedJob } from './plan-files.ts';

/** @throws Error if the plan is not complete */
export async function readHead(s3: S3Client, planUri: string, abortSignal: AbortSignal): Promise<PlanHead> {
  const head = await readJson<PlanHead>(s3, planFiles(planUri).head, abortSignal);
  if (!head) throw new Error('the plan is not complete');
  return head;
}

/** The jobs with these indexes. Reads the lines of a part one by one, so that a large plan takes no memory. */
export async function jobsAt(
  s3: S3Client,
  planUri: string,
  indexes: readonly number[],
  abortSignal: AbortSignal,
): Promise<Map<number, PlannedJob>> {
  const wanted = new Set(indexes);
  const found = new Map<number, PlannedJob>();
  let first = 0;
  for (const [n, { jobs }] of (await readHead(s3, planUri, abortSignal)).parts.entries()) {
    const here = indexes.filter((index) => index >= first && index < first + jobs);
    if (here.length > 0) {
      const last = Math.max(...here);
      let index = first;
      for await (const line of readUriLines(s3, planFiles(planUri).part(n), abortSignal)) {
        if (wanted.has(index)) found.set(index, JSON.parse(line));
        if (++index > last) break;
      }
    }
    first += jobs;
  }
  return found;
}
