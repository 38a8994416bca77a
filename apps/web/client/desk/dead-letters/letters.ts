import type { ServiceName } from '@jumun/contracts';
import { answer } from '../../api/client.ts';
import type { components } from '../../api/schema/order.ts';
import { deskOf, serviceNames } from '../operations/services.ts';

/** Letters of one service that are shown; beyond it there is something wrong that is not one letter's. */
const MAX_SHOWN = 500;

/** An event that a service could not handle. */
export type Letter = components['schemas']['DeadLetter'] & { service: ServiceName };
/** What came before with its successors, which wait until it is handled or given up. */
export type Group = Letter & { successors: Letter[] };

export interface Letters {
  letters: Letter[];
  /** Services that did not tell theirs. */
  silent: ServiceName[];
}

/** The dead letters of all services that answer; those that were discarded only where they are asked for. */
export async function readLetters(state: 'discarded' | undefined, signal?: AbortSignal): Promise<Letters> {
  const silent: ServiceName[] = [];
  const found = await Promise.all(
    serviceNames.map(async service => {
      try {
        const query = { size: MAX_SHOWN, ...(state && { state }) };
        const page = await answer(
          deskOf(service).GET('/dead-letters', { params: { query }, ...(signal && { signal }) }),
        );
        return page._embedded['dead-letters'].map(letter => ({ ...letter, service }));
      } catch (error) {
        if (signal?.aborted) throw error;
        silent.push(service);
        return [];
      }
    }),
  );
  return { letters: found.flat(), silent };
}

/**
 * The letters that hold others up, oldest failure first, each with those that wait behind it: the same key's in the same service.
 */
export function groupLetters(letters: Letter[]): Group[] {
  const ordered = [...letters].sort((a, b) => a.id - b.id);
  const groups = new Map<string, Group>();
  const alone: Group[] = [];
  for (const letter of ordered) {
    const key = `${letter.service} ${letter.key}`;
    const first = groups.get(key);
    if (letter.state === 'discarded') alone.push({ ...letter, successors: [] });
    else if (first) first.successors.push(letter);
    else groups.set(key, { ...letter, successors: [] });
  }
  return [...groups.values(), ...alone].sort((a, b) => a.failedAt.localeCompare(b.failedAt));
}

/** The order that an event is about; the key of one about something else, such as a product, is none. */
export function orderOf({ type, key }: Pick<Letter, 'type' | 'key'>): number | undefined {
  const id = Number(key);
  return type !== 'ProductChanged' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
