/** The rules contain only members that the installed SDK sends. It would silently drop any other member. */
import * as healthlake from '@aws-sdk/client-healthlake';
import * as medicalImaging from '@aws-sdk/client-medical-imaging';
import { FLOW_RULES } from '../../src/input-rules/flows.ts';
import serviceRules from '../../src/input-rules/service-rules.json' with { type: 'json' };
import { isRecord } from '../../src/lib/guards.ts';
import { fill, member, shapeOf, type Service } from '../support/filled.ts';

const SDK = { 'medical-imaging': medicalImaging, healthlake } as const;
const CLIENT = {
  'medical-imaging': medicalImaging.MedicalImagingClient,
  healthlake: healthlake.HealthLakeClient,
};
/** The union with the most members has nine. */
const PICKS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** The request that the SDK would send, or its error. */
async function onTheWire(service: Service, operation: string, input: object): Promise<string> {
  let wire = '';
  const client: { send(command: unknown): Promise<unknown> } = new CLIENT[service]({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    disableHostPrefix: true,
    maxAttempts: 1,
    requestHandler: {
      handle: ({ path, query, body }: { path: string; query: object; body?: unknown }) => {
        wire = JSON.stringify([path, query, body]);
        return Promise.reject(new Error('seen'));
      },
    },
  });
  const Command = member({ ...SDK[service] }, `${operation}Command`) as new (input: object) => unknown;
  return client.send(new Command(input)).then(
    () => wire,
    (error: Error) => wire || error.message,
  );
}

/** The paths to all members of a value, nested ones included. */
function pathsOf(value: unknown): string[][] {
  if (Array.isArray(value)) return pathsOf(value[0]).map((path) => ['0', ...path]);
  if (!isRecord(value) || value instanceof Date || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, held]) => [
    [name],
    ...pathsOf(held).map((path) => [name, ...path]),
  ]);
}

function without(value: object, path: readonly string[]): object {
  const copy = structuredClone(value);
  const holder = path.slice(0, -1).reduce<unknown>((at, name) => Reflect.get(Object(at), name), copy);
  Reflect.deleteProperty(Object(holder), path.at(-1) ?? '');
  return copy;
}

/** The members of an input that the request lacks. */
async function dropped(service: Service, operation: string, input: object): Promise<string[]> {
  const whole = await onTheWire(service, operation, input);
  const found: string[] = [];
  for (const path of pathsOf(input)) {
    if ((await onTheWire(service, operation, without(input, path))) === whole) found.push(path.join('.'));
  }
  return found;
}

const operations = (Object.keys(serviceRules) as Service[]).flatMap((service) =>
  Object.keys(serviceRules[service].$defs)
    .filter((shape) => shape.endsWith('Request'))
    .map((shape) => [service, shape.replace(/Request$/, '')] as const),
);

test('there are 31 operations', () => {
  expect(operations).toHaveLength(31);
});

test.each(operations)('%s %s: every member of the rules is sent', async (service, operation) => {
  const inputs = PICKS.map((pick) => fill(service, `${operation}Request`, pick) as object);
  const distinct = new Map(inputs.map((input) => [JSON.stringify(input), input]));
  for (const input of distinct.values()) expect(await dropped(service, operation, input)).toEqual([]);
});

test('an added member that the SDK does not know is found', async () => {
  const input = fill('medical-imaging', 'UpdateImageSetMetadataRequest', 0) as object;
  const planted = { ...input, includeStudyImageSets: true };
  expect(await dropped('medical-imaging', 'UpdateImageSetMetadata', planted)).toEqual([
    'includeStudyImageSets',
  ]);
});

test('every member of a flow that belongs to a service is in the rules', () => {
  for (const { schema } of Object.values(FLOW_RULES)) {
    for (const rule of Object.values<object>(schema.properties)) {
      const [service, shape] = String(member(rule, '$ref')).split('#/$defs/');
      if (shape !== undefined) expect(shapeOf(service as Service, shape)).toBeDefined();
    }
  }
});
