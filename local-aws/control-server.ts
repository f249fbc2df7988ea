import { isAbsolute } from 'node:path';
import { UserError } from '../src/lib/user-error.ts';
import type { Calls } from './calls.ts';
import { ENTITY_KINDS, type EntityKind, type LocalAwsControl } from './control.ts';
import { ANY_EVENT, type Events } from './events.ts';
import { EVENT_FAULTS } from './faults.ts';
import type { HttpReply, HttpRequest, Service } from './protocols/http.ts';
import { readSettings, SettingError } from './read-settings.ts';
import { past, phaseAt, settled, type Entity } from './timeline.ts';
import { withBody } from './wire.ts';
import type { World } from './world.ts';

/** Thrown for a control request that cannot be done; the message is for the developer. */
class ControlError extends Error {}

/** Operations on the local AWS as a whole, which replace or copy all of its state. */
export interface Lifecycle {
  /**
   * @param options.keepS3 - true: buckets, objects and multipart uploads stay as they are; false: they are deleted, or replaced
   *   by those of the folder of `load`
   */
  reset(options: { readonly keepS3: boolean }): Promise<void>;
  /** @throws UserError where the folder cannot be written, or is not empty */
  save(folder: string): Promise<void>;
}

interface Controlled {
  readonly world: World;
  readonly services: readonly Service[];
  readonly calls: Calls;
  readonly events: Events;
  readonly lifecycle: Lifecycle;
}

/** The methods of {@link LocalAwsControl}, with the same names, arguments and results. */
type Verbs = {
  readonly [Verb in Exclude<keyof LocalAwsControl, 'endpoint' | 'health'>]: (
    args: NonNullable<Parameters<LocalAwsControl[Verb]>[0]>,
  ) => Awaited<ReturnType<LocalAwsControl[Verb]>> | ReturnType<LocalAwsControl[Verb]>;
};

export class ControlServer {
  readonly #verbs: Verbs;

  constructor(controlled: Controlled) {
    this.#verbs = verbs(controlled);
  }

  async answer(request: HttpRequest): Promise<HttpReply> {
    const { method, path, body } = await withBody(request);
    try {
      const verb = path.slice('/_local/'.length);
      if (verb === 'health' && method === 'GET') return json(200, { status: 'running' });
      if (!Object.hasOwn(this.#verbs, verb) || method !== 'POST') {
        throw new ControlError(
          `GET /_local/health, or POST /_local/ and one of ${Object.keys(this.#verbs).join(', ')}`,
        );
      }
      const args: unknown = JSON.parse(Buffer.from(body).toString() || '{}', blobsFromBase64);
      if (typeof args !== 'object' || args === null) throw new ControlError('the body is a JSON object');
      const result = await this.#verbs[verb as keyof Verbs](args as never);
      return json(200, result ?? null);
    } catch (error) {
      const known =
        error instanceof ControlError ||
        error instanceof UserError ||
        error instanceof SettingError ||
        error instanceof SyntaxError;
      return json(known ? 400 : 500, { message: known ? error.message : 'the control failed' });
    }
  }
}

/** Reverses `blobsAsBase64` of control.ts: `{"base64": "AAE="}` becomes the two bytes 00 and 01. */
const blobsFromBase64 = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'base64' in value
    ? Buffer.from(String(value.base64), 'base64')
    : value;

const json = (status: number, value: unknown): HttpReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

function verbs({ world, services, calls, events, lifecycle }: Controlled): Verbs {
  const { faults } = world;
  const known = new Set(services.flatMap(({ protocol }) => protocol.operations));
  const checked = (operation: string): string => {
    if (known.has(operation)) return operation;
    throw new ControlError(`there is no operation ${JSON.stringify(operation)}`);
  };

  /** Schedules the work of jobs as the change requires, and writes the change to disk before the test gets its answer. */
  const changed = async () => {
    for (const service of services) service.resume();
    await world.store.commit();
  };

  const change = (kind: EntityKind, id: string, to: (entity: Entity, now: number) => Entity) => {
    const table = world.store.table<Entity>(kind);
    const entity = table.get(id);
    if (!entity) throw new ControlError(`there is no ${kind} ${id}`);
    table.put(id, to(entity, Date.now()));
    return changed();
  };

  return {
    failNext: ({ operation, count, ...fault }) =>
      faults.add(checked(operation), { kind: 'fail', ...fault }, count),
    failOutcome: ({ operation, count, message = 'The local AWS was told to let this fail.' }) =>
      faults.add(checked(operation), { kind: 'failOutcome', message }, count),
    dropConnection: ({ operation, when, count }) =>
      faults.add(checked(operation), { kind: 'drop', when }, count),
    cutReply: ({ operation, count }) => faults.add(checked(operation), { kind: 'spoil', how: 'cut' }, count),
    garbleReply: ({ operation, count }) =>
      faults.add(checked(operation), { kind: 'spoil', how: 'garbled' }, count),
    delay: ({ operation, ms, count }) => faults.add(checked(operation), { kind: 'delay', ms }, count),
    hold: ({ operation, when = 'before', count }) =>
      faults.add(checked(operation), { kind: 'hold', when }, count),
    rival: ({ before, operation, input, settled = false }) =>
      faults.add(checked(before), { kind: 'rival', operation: checked(operation), input, settled }),
    eventFault: ({ how, ms, detailType, count }) => {
      const kinds: readonly string[] = EVENT_FAULTS;
      if (!kinds.includes(how)) throw new ControlError(`how must be one of ${kinds.join(', ')}`);
      if (detailType !== undefined && !events.knows(detailType)) {
        throw new ControlError(`there is no event ${JSON.stringify(detailType)}`);
      }
      faults.add(detailType ?? ANY_EVENT, { kind: 'event', how, ms: ms ?? 1000 }, count);
    },
    release: () => faults.release(),
    resetFaults: () => faults.reset(),

    settings: async (patch) => {
      Object.assign(world.settings, readSettings({ ...patch }));
      events.begin();
      await world.store.commit();
      return world.settings;
    },

    arrange: ({ kind, id, patch }) =>
      change(kind, id, (entity, now) => ({
        ...entity,
        due: undefined,
        phases: [...past(entity, now), { ...phaseAt(entity, now), ...patch, from: now }],
      })),
    settle: ({ kind, id }) => change(kind, id, settled),
    settleAll: () => {
      for (const kind of ENTITY_KINDS) {
        const table = world.store.table<Entity>(kind);
        for (const [id, entity] of table.entries()) table.put(id, settled(entity, Date.now()));
      }
      return changed();
    },

    reset: ({ keepS3 = false, ...others }) => {
      const unknown = Object.keys(others)[0];
      if (unknown !== undefined) throw new ControlError(`reset knows keepS3, not ${JSON.stringify(unknown)}`);
      if (typeof keepS3 !== 'boolean') throw new ControlError('keepS3 must be true or false');
      return lifecycle.reset({ keepS3 });
    },
    save: ({ folder }) => {
      if (typeof folder === 'string' && isAbsolute(folder)) return lifecycle.save(folder);
      throw new ControlError(
        'folder must be the absolute path of a folder that is not there yet, or is empty',
      );
    },

    calls: ({ operation }) => calls.list(operation),
    waitForCall: ({ operation, count = 1, outcome }) => calls.seen(checked(operation), count, outcome),
    jobs: () => ({
      dicomImport: world.store.table('dicomImportJob').values().length,
      fhirImport: world.store.table('fhirImportJob').values().length,
      fhirExport: world.store.table('fhirExportJob').values().length,
    }),
  };
}
