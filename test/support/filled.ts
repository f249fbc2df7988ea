/** Generates inputs of the services' operations from the input rules, with every member set. */
import serviceRules from '../../src/input-rules/service-rules.json' with { type: 'json' };
import { isRecord } from '../../src/lib/guards.ts';

export type Service = keyof typeof serviceRules;

export function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

export const shapeOf = (service: Service, name: string) => member(serviceRules[service].$defs, name);

/** A value of a shape with every member set. For a union, `pick` selects the alternative. */
export function fill(service: Service, shape: string, pick: number): unknown {
  const rule = shapeOf(service, shape);
  const inner = (ref: unknown) => fill(service, String(member(ref, '$ref')).split('/').at(-1) ?? '', pick);
  if (member(rule, 'wire') === 'timestamp') return new Date(1_700_000_000_000);
  if (member(rule, 'wire') === 'blob') return new Uint8Array([1]);
  switch (member(rule, 'type')) {
    case 'string':
      return 'text';
    case 'boolean':
      return true;
    case 'integer':
      return 7;
    case 'array':
      return [inner(member(rule, 'items'))];
  }
  const properties = Object.entries(member(rule, 'properties') ?? {});
  if (properties.length === 0) return { key: inner(member(rule, 'additionalProperties')) };
  const chosen = member(rule, 'maxProperties') === 1 ? [properties[pick % properties.length]] : properties;
  return Object.fromEntries(
    chosen.flatMap((property) => (property ? [[property[0], inner(property[1])]] : [])),
  );
}
