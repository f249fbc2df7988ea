/** The committed histories. `replay.test.ts` replays them to prove that a change of a workflow does not break open runs. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';

type History = ReturnType<typeof historyFromJSON>;

const folder = join(import.meta.dirname, '../histories');

/** Writes a history if `RECORD_HISTORIES=1` is set, which is for deliberate changes that old histories cannot replay. */
export function recordHistory(name: string, history: History): void {
  if (process.env['RECORD_HISTORIES'] !== '1') return;
  writeFileSync(join(folder, `${name}.json`), `${historyToJSON(history)}\n`);
}

export interface RecordedHistory {
  name: string;
  /** The workflow id of the run, from which those of its child workflows derive. */
  workflowId: string;
  history: History;
}

export function recordedHistories(): RecordedHistory[] {
  return readdirSync(folder).map((file) => {
    const history = historyFromJSON(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    return { name: file.replace(/\.json$/, ''), workflowId: started?.workflowId ?? '', history };
  });
}
