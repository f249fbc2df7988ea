import { Agenda } from './agenda.ts';
import { Calls } from './calls.ts';
import { ControlServer, type Lifecycle } from './control-server.ts';
import { Dispatcher } from './dispatcher.ts';
import { Events } from './events.ts';
import { Faults } from './faults.ts';
import { followHealthLake } from './healthlake/events.ts';
import { healthLake } from './healthlake/index.ts';
import type { Contents } from './home.ts';
import { randomIds, seededIds } from './ids.ts';
import { kms } from './kms/index.ts';
import { Limits } from './limits.ts';
import type { Transcoder } from './medical-imaging/codecs/transcoder.ts';
import { dicomWeb } from './medical-imaging/dicomweb/index.ts';
import { followImaging } from './medical-imaging/events.ts';
import { medicalImaging } from './medical-imaging/index.ts';
import type { HttpReply, HttpRequest, Service } from './protocols/http.ts';
import { Buckets } from './s3/buckets.ts';
import { s3 } from './s3/index.ts';
import { sqs } from './sqs/index.ts';
import { Queues } from './sqs/queues.ts';
import type { Settings } from './settings.ts';
import { Store } from './store.ts';
import type { World } from './world.ts';

export interface InstanceOptions {
  /** A test can change these settings. The changes end with this instance, at the next reset. */
  readonly settings: Settings;
  readonly seed: number | undefined;
  readonly transcoder: Transcoder;
}

/** The services with their state. An instance lasts from the start, or from a reset, until the next reset. */
export class Instance {
  readonly world: World;
  readonly control: ControlServer;
  readonly #dispatcher: Dispatcher;
  readonly #calls: Calls;
  readonly #services: readonly Service[];
  readonly #queues: Queues;
  readonly #events: Events;
  /** Breaks the connection of each request that has no answer yet. */
  readonly #unanswered = new Set<() => void>();

  private constructor(world: World, services: readonly Service[], queues: Queues, lifecycle: Lifecycle) {
    this.world = world;
    this.#queues = queues;
    this.#calls = new Calls(world);
    this.#dispatcher = new Dispatcher(world, services, this.#calls);
    this.#events = new Events(world, queues);
    followImaging(this.#events);
    followHealthLake(this.#events);
    this.control = new ControlServer({
      world,
      services,
      calls: this.#calls,
      events: this.#events,
      lifecycle,
    });
    this.#services = services;
  }

  static async open(contents: Contents, options: InstanceOptions, lifecycle: Lifecycle): Promise<Instance> {
    const { data, disk, frames } = contents;
    const store = await Store.open(disk);
    const { settings, seed, transcoder } = options;
    const world: World = {
      data,
      settings,
      store,
      agenda: new Agenda((key) =>
        console.error(`local-aws: the work of ${key} failed; it is tried again after a restart`),
      ),
      buckets: new Buckets(data, store),
      faults: new Faults(),
      limits: new Limits(settings),
      frames,
      transcoder,
      ids: seed === undefined ? randomIds : seededIds(store, seed),
      endpoint: '',
    };
    const queues = new Queues(world);
    const imaging = medicalImaging(world);
    // DICOMweb comes first, because HealthImaging claims all paths that begin like its own, those of DICOMweb too. SQS and KMS come
    // before HealthLake, which claims the requests of all other services that speak AWS JSON.
    const services = [
      dicomWeb(world, imaging.protocol),
      imaging,
      sqs(world, queues),
      kms(world),
      healthLake(world),
      s3(world),
    ];
    return new Instance(world, services, queues, lifecycle);
  }

  /** Continues the jobs that the state holds, and tells the services the endpoint of the server. */
  begin(endpoint: string): void {
    this.world.endpoint = endpoint;
    this.#events.begin();
    for (const service of this.#services) service.resume();
  }

  /** @returns nothing when the connection is to break without an answer */
  answer(request: HttpRequest): Promise<HttpReply | undefined> {
    return new Promise((resolve, reject) => {
      const give = () => resolve(undefined);
      this.#unanswered.add(give);
      this.#dispatcher
        .answer(request)
        .then(resolve, reject)
        .finally(() => this.#unanswered.delete(give));
    });
  }

  /** Lets the calls continue that a fault holds or delays, and answers those that wait for a message. */
  release(): void {
    this.world.faults.reset();
    this.endPolls();
  }

  /** Answers the receives that wait for a message, without one. */
  endPolls(): void {
    this.#queues.endPolls();
  }

  /**
   * Ends all calls that wait, breaks the connections of requests without an answer, and closes the disk when everything is on it.
   */
  async close(): Promise<void> {
    this.release();
    this.#calls.close();
    await this.world.agenda.close();
    for (const give of this.#unanswered) give();
    await this.world.store.close();
  }
}
