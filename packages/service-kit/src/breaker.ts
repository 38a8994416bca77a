import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  type IBackoff,
  type IBackoffFactory,
} from 'cockatiel';
import { UnavailableError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** The circuit is open: nothing was called. */
export class CircuitOpenError extends UnavailableError {
  override name = 'CircuitOpenError';
}

export interface BreakerOptions {
  /** Who is called, for metrics and messages. */
  name: string;
  /** After so many failures in a row calls fail at once … */
  failures?: number;
  /** … until, this much later, one is let through to try. */
  halfOpenAfterMs?: number;
}

/** Keeps calls from somebody who does not answer. */
export interface Breaker {
  readonly name: string;
  state(): CircuitState;
  /**
   * Whether work that needs the other side should be begun at all. While the circuit is open and it is time to try
   * again, one caller in each `halfOpenAfterMs` is told so: its call is the one to try with.
   */
  admits(): boolean;
  /** Calls, and notes how it went. @throws CircuitOpenError where nothing is called for now; what `work` throws */
  call<T>(work: () => Promise<T>): Promise<T>;
  onTransition(listener: (to: CircuitState) => void): void;
}

/** cockatiel goes by the wall clock, and would hold a circuit open for as long as that is set back. This wait does not. */
function monotonicWait(ms: number, opened: () => void): IBackoffFactory<unknown> {
  const begin = (): IBackoff<unknown> => {
    const until = performance.now() + ms;
    opened();
    return {
      get duration() {
        return performance.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: begin,
    };
  };
  return { next: begin };
}

export function createBreaker({ name, failures = 10, halfOpenAfterMs = 1_000 }: BreakerOptions): Breaker {
  /** While the circuit is open: when the next caller is admitted. */
  let admitAt = 0;
  const policy: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    halfOpenAfter: monotonicWait(halfOpenAfterMs, () => {
      admitAt = performance.now() + halfOpenAfterMs;
    }),
    breaker: new ConsecutiveBreaker(failures),
  });
  const closed = () => new CircuitOpenError(`${name} is not asked for now: its circuit is open`);

  return {
    name,
    state: () => policy.state,
    admits() {
      if (policy.state === CircuitState.Closed) return true;
      const now = performance.now();
      if (policy.state === CircuitState.HalfOpen || now < admitAt) return false;
      admitAt = now + halfOpenAfterMs;
      return true;
    },
    async call(work) {
      // cockatiel would have the others wait for the one call that tries, which may hang.
      if (policy.state === CircuitState.HalfOpen) throw closed();
      let called = false;
      try {
        return await policy.execute(() => {
          called = true;
          return work();
        });
      } catch (error) {
        throw called ? error : closed();
      }
    },
    onTransition: listener => void policy.onStateChange(listener),
  };
}

const STATES = [CircuitState.Closed, CircuitState.HalfOpen, CircuitState.Open];
const nameOf = (state: CircuitState) => CircuitState[state].toLowerCase();

/** Shows the state of each circuit breaker, and counts and logs how it changes. */
export function measureBreakers(metrics: Metrics, log: Logger, breakers: Breaker[]): void {
  metrics.gauge(
    'jumun_breaker_state',
    'The circuit breaker to a peer: 1 for the state it is in',
    () =>
      breakers.flatMap(({ name, state }) =>
        STATES.map(it => ({ labels: { peer: name, state: nameOf(it) }, value: state() === it ? 1 : 0 })),
      ),
    ['peer', 'state'],
  );
  const transitions = metrics.counter(
    'jumun_breaker_transitions_total',
    'How often the circuit breaker to a peer came into a state',
    ['peer', 'state'],
  );
  for (const { name: peer, onTransition } of breakers) {
    for (const state of STATES) transitions.inc({ peer, state: nameOf(state) }, 0);
    onTransition(to => {
      const state = nameOf(to);
      transitions.inc({ peer, state });
      if (to === CircuitState.Open) log.warn({ peer, state }, 'circuit breaker opened');
      else
        log.info(
          { peer, state },
          to === CircuitState.Closed ? 'circuit breaker closed' : 'circuit breaker tries',
        );
    });
  }
}
