import type { Calls } from './calls.ts';
import { ServiceError } from './errors.ts';
import type { Moment, Spoiling } from './faults.ts';
import { imageSets } from './medical-imaging/image-set.ts';
import type { HttpReply, HttpRequest, Service } from './protocols/http.ts';
import { settled } from './timeline.ts';
import { discard, withBody } from './wire.ts';
import type { World } from './world.ts';

/** Thrown where a fault breaks the connection instead of answering. */
class Dropped extends Error {}

/** Finds the service and the operation of every request, applies the faults that are set for the operation, and logs the call. */
export class Dispatcher {
  readonly #world: World;
  readonly #services: readonly Service[];
  readonly #calls: Calls;

  constructor(world: World, services: readonly Service[], calls: Calls) {
    this.#world = world;
    this.#services = services;
    this.#calls = calls;
  }

  /** @returns nothing when the connection is to break without an answer */
  async answer(request: HttpRequest): Promise<HttpReply | undefined> {
    const signedFor = signingName(request);
    const beside = this.#answerBeside(request, signedFor);
    if (beside) return beside;
    const service = this.#serviceOf(request, signedFor);
    try {
      if (signedFor !== undefined) refuseOtherService(this.#services, signedFor);
      const operation = service.protocol.operationOf(request);
      if (!operation) throw unknownOperation(service, request);
      const read = service.protocol.streams ? request : await withBody(request);
      return await this.#call(service, operation, read);
    } catch (error) {
      if (error instanceof Dropped) return undefined;
      return service.protocol.encodeError(asServiceError(error));
    }
  }

  /**
   * Answers a request to another API of a service, such as FHIR REST at `/datastore/<id>/r4/`. The path alone does not tell,
   * because a bucket may be named `datastore`: a request that is signed for S3 always goes to S3.
   */
  #answerBeside(request: HttpRequest, signedFor: string | undefined): HttpReply | undefined {
    if (signedFor === 's3') return undefined;
    for (const service of this.#services) {
      const reply = service.answerBeside?.(request);
      if (reply) return reply;
    }
    return undefined;
  }

  /**
   * The service of a request. A signature names the service. HealthImaging and DICOMweb have the same name, and are told apart by
   * the path. An unsigned request is assigned by its headers and path, and goes to S3 if no other service claims it.
   */
  #serviceOf(request: HttpRequest, signedFor: string | undefined): Service {
    const suited = (services: readonly Service[]) =>
      services.find(({ protocol }) => protocol.operationOf(request)) ??
      services.find(({ protocol }) => protocol.claims?.(request) !== undefined);
    const signed = this.#services.filter(({ name }) => name === signedFor);
    const service =
      suited(signed) ??
      signed.at(-1) ??
      suited(this.#services.filter(({ name }) => name !== 's3')) ??
      this.#services.find(({ name }) => name === 's3');
    if (!service) throw new Error('the local AWS has no service');
    return service;
  }

  async #call(service: Service, operation: string, request: HttpRequest): Promise<HttpReply> {
    const { limits, store } = this.#world;
    const call = this.#calls.arrived(service.name, operation);
    let reply: HttpReply | undefined;
    try {
      if (service.isThrottled) limits.checkRate(service.name, operation);
      const input = await service.protocol.decode(operation, request);
      this.#calls.identify(call, input);
      await this.#interfereBefore(operation, call);
      const output = await service.run(operation, input, request.gone);
      this.#calls.identify(call, output);
      reply = await service.protocol.encode(operation, output);
      await this.#interfereAfter(operation, call);
      const spoiling = this.#world.faults.take('spoil', operation)?.how;
      this.#calls.ended(call, spoiling ?? 'ok');
      // A reply is sent only when the changes that it reports are on disk. A SIGKILL cannot undo them then.
      await store.commit();
      return spoiled(reply, spoiling);
    } catch (error) {
      if (reply) discard(reply);
      if (error instanceof Dropped) this.#calls.ended(call, 'dropped');
      else this.#calls.failed(call, error);
      await store.commit();
      throw error;
    }
  }

  async #interfereBefore(operation: string, call: number): Promise<void> {
    const { faults } = this.#world;
    const delay = faults.take('delay', operation);
    if (delay) await faults.delayed(delay.ms);
    await this.#hold(operation, 'before', call);
    await this.#letRivalIn(operation);
    this.#drop(operation, 'before');
    const failure = faults.take('fail', operation);
    if (failure) {
      const { error, message = `The local AWS was told to fail ${operation}.`, ...wire } = failure;
      throw new ServiceError(error, message, wire);
    }
  }

  async #interfereAfter(operation: string, call: number): Promise<void> {
    await this.#hold(operation, 'after', call);
    this.#drop(operation, 'after');
  }

  async #hold(operation: string, moment: Moment, call: number): Promise<void> {
    const { faults, store } = this.#world;
    if (!faults.take('hold', operation, ({ when }) => when === moment)) return;
    const released = faults.held();
    this.#calls.ended(call, 'held');
    await store.commit();
    await released;
  }

  #drop(operation: string, moment: Moment): void {
    if (this.#world.faults.take('drop', operation, ({ when }) => when === moment)) throw new Dropped();
  }

  /**
   * Executes the rival's call, if one is set. It changes the state like any other call, but no fault applies to it and the log
   * does not list it: the log shows the calls of the program under test.
   */
  async #letRivalIn(operation: string): Promise<void> {
    const rival = this.#world.faults.take('rival', operation);
    if (!rival) return;
    const service = this.#services.find(({ protocol }) => protocol.operations.includes(rival.operation));
    await service?.run(rival.operation, rival.input);
    if (rival.settled) this.#settleImageSets();
    await this.#world.store.commit();
  }

  #settleImageSets(): void {
    const sets = imageSets(this.#world);
    for (const set of sets.values()) sets.put(set.imageSetId, settled(set, Date.now()));
  }
}

function spoiled(reply: HttpReply, how: Spoiling | undefined): HttpReply {
  if (how === 'cut') return { ...reply, cut: true };
  if (how === 'garbled') {
    discard(reply);
    return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>OK</body></html>' };
  }
  return reply;
}

/** The service in the scope of a signature: `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
function signingName({ headers, query }: HttpRequest): string | undefined {
  const credential =
    query.get('X-Amz-Credential') ?? /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1];
  return credential?.split('/').at(-2);
}

/**
 * Refuses a request that is signed for a service which the local AWS does not have, such as Lambda. Otherwise it would go to S3,
 * which would take its path for a bucket and an object.
 */
function refuseOtherService(services: readonly Service[], signedFor: string): void {
  if (services.some(({ name }) => name === signedFor)) return;
  const names = [...new Set(services.map(({ name }) => name))].join(', ');
  throw new ServiceError(
    'UnknownOperationException',
    `The request is signed for the service ${signedFor}; the local AWS has only ${names}.`,
  );
}

function unknownOperation({ name, protocol }: Service, request: HttpRequest): ServiceError {
  const asked = protocol.claims?.(request) ?? `${request.method} ${request.path}`;
  return new ServiceError(
    'UnknownOperationException',
    `The local AWS does not know ${asked} of ${name}; it knows ${protocol.operations.join(', ')}.`,
  );
}

function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { name, stack = '' } = error instanceof Error ? error : new Error('not an Error');
  // Logs the stack without the message, because the message may quote patient data.
  console.error(`local-aws: ${name}\n${stack.slice(stack.indexOf('\n    at '))}`);
  return new ServiceError('InternalServerException', 'The local AWS has a bug; its log says where.');
}
