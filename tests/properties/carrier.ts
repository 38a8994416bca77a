import type { ServiceName } from '@jumun/contracts';
import type { Message, Transport } from '@jumun/messaging';
import { UnavailableError } from '@jumun/service-kit';
import { v4 as uuid } from 'uuid';

/** The log between the services, as a broker that is slow with some of them, and that brings things twice. */
export interface Carrier {
  /** The log as a service meets it; for `startSystem({ carry })`. */
  carry(name: ServiceName, log: Transport): Transport;
  /** What a service publishes or reads waits from now on. */
  holdBack(name: ServiceName, what: 'publishing' | 'reading'): void;
  /** A service has crashed: what it wanted to hand over is not handed over, nor what its remains still try to. */
  lose(name: ServiceName): void;
  /** It is started again. */
  welcome(name: ServiceName): void;
  /** Nothing waits any more. */
  letGo(): void;
  /** Appends a message once more, under the id it has or a new one. */
  repeat(message: Message, as: 'the same' | 'a new'): Promise<void>;
}

interface Waiting {
  name: ServiceName;
  go(): void;
  fail(error: Error): void;
}

export function createCarrier(): Carrier {
  const held = { publishing: new Set<ServiceName>(), reading: new Set<ServiceName>() };
  const crashed = new Set<ServiceName>();
  let waiting: Waiting[] = [];
  let log: Transport | undefined;
  let epoch: Promise<number> | undefined;

  return {
    carry(name, real) {
      log = real;
      return {
        ...real,
        async append(publisher, epoch, messages) {
          if (crashed.has(name)) throw new UnavailableError('crashed');
          if (held.publishing.has(name)) {
            await new Promise<void>((go, fail) => waiting.push({ name, go, fail }));
          }
          return real.append(publisher, epoch, messages);
        },
        read: async (...args) =>
          held.reading.has(name) ? { records: [], upTo: new Map() } : real.read(...args),
      };
    },
    holdBack: (name, what) => void held[what].add(name),
    lose(name) {
      crashed.add(name);
      for (const { fail } of waiting.filter(it => it.name === name)) fail(new UnavailableError('crashed'));
      waiting = waiting.filter(it => it.name !== name);
    },
    welcome: name => void crashed.delete(name),
    letGo() {
      held.publishing.clear();
      held.reading.clear();
      for (const { go } of waiting.splice(0)) go();
    },
    async repeat(message, as) {
      if (!log) throw new Error('there is no log yet');
      epoch ??= log.fence('repeats');
      const eventId = as === 'a new' ? uuid() : message.eventId;
      await log.append('repeats', await epoch, [{ ...message, eventId }]);
    },
  };
}
