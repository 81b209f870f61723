import { FaultBook } from '../faults/index.ts';
import {
  runDue,
  World,
  type Context,
  type DueRow,
  type EmulatorSettings,
  type Endpoint,
  type Kind,
  type Kinds,
  type PageRoute,
  type Row,
  type Scope,
} from '../engine/index.ts';
import { Router } from './router.ts';

/** Source of the time; the emulator may be ahead of it. */
export interface EmulatorClock {
  now(): Date;
}

/** A request as the log shows it; bodies and keys are not kept. */
export interface LoggedRequest {
  readonly id: string;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly account: string;
  readonly status: number | null;
  readonly idempotency_key: string | null;
  readonly faults: readonly string[];
}

const REQUESTS_MAX = 1_000;

/** Everything that one running emulator has; the server, the control API and the tests share it. */
export class Emulator {
  readonly world: World;
  readonly kinds: Kinds;
  readonly router: Router<Endpoint>;
  readonly pages: Router<PageRoute>;
  readonly settings: EmulatorSettings;
  readonly faults = new FaultBook();
  readonly requests: LoggedRequest[] = [];
  /** Paths that were asked for and are not built, with their counts. */
  readonly unsupported = new Map<string, number>();
  /** Gets the changes of each unit of work: the log on disk. */
  onCommit: (changes: [id: string, row: Row | null][]) => void = () => {};
  /** Called with a fault of the emulator itself; the caller of the API gets a 500. */
  onBug: (error: unknown) => void = () => {};
  readonly #clock: EmulatorClock;
  #ahead_ms = 0;

  constructor(options: { clock: EmulatorClock; seed: string; kinds: readonly Kind[]; settings: EmulatorSettings }) {
    this.#clock = options.clock;
    this.world = new World(options.seed, options.clock.now().getTime());
    this.kinds = new Map(options.kinds.map((kind) => [kind.name, kind]));
    const endpoints = options.kinds.flatMap((kind): readonly Endpoint[] => kind.endpoints ?? []);
    this.router = new Router(endpoints);
    this.pages = new Router(options.kinds.flatMap((kind): readonly PageRoute[] => kind.pages ?? []));
    this.settings = options.settings;
  }

  /** Returns what code of the kinds needs, outside a call. */
  contextOf(scope: Scope): Context {
    return { world: this.world, kinds: this.kinds, settings: this.settings, scope, request: null };
  }

  /** The instant to which the clock has moved, in milliseconds. */
  get clock_ms(): number {
    return Math.max(this.#clock.now().getTime() + this.#ahead_ms, this.world.time_ms);
  }

  /** Moves the clock forward by `ms`; the caller runs what is due. */
  moveAhead(ms: number): void {
    this.#ahead_ms += ms;
  }

  /** Runs planned work that is due up to the instant of the clock, in order, then moves to that instant. */
  tick(): void {
    const until_ms = this.clock_ms;
    while (this.runNext(until_ms));
    this.world.time_ms = Math.max(this.world.time_ms, until_ms);
  }

  /** Runs the earliest planned work when it is due at `until_ms`; returns false when none is. */
  runNext(until_ms: number): boolean {
    const next = this.world.nextDue();
    if (!next || Number(next['at_ms']) > until_ms) return false;
    runDue(this, next as DueRow); // the timeline has rows of this kind only
    this.commit();
    return true;
  }

  commit(): void {
    const changes = this.world.commit();
    if (changes.length > 0) this.onCommit(changes);
  }

  log(request: LoggedRequest): void {
    this.requests.push(request);
    if (this.requests.length > REQUESTS_MAX) this.requests.shift();
  }
}
