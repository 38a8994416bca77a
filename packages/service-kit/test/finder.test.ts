import { get, type IncomingMessage } from 'node:http';
import fc from 'fast-check';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { keptMb } from '../../../tests/support/memory.ts';
import type { Database } from '../src/database.ts';
import { type Range, serveExport, serveFinder } from '../src/finder.ts';
import { anywhere, readNewest } from '../src/page.ts';
import { createCleanup, openEmpty, serve } from './harness.ts';

it.each([
  ['milk', '%milk%'],
  ['100%', '%100\\%%'],
  ['a_b', '%a\\_b%'],
  ['back\\slash', '%back\\\\slash%'],
  [undefined, undefined],
])('%s is looked for as it is, anywhere', (text, pattern) => {
  expect(anywhere(text)).toBe(pattern);
});

/** So many things there are; each is some 0.5 kB in a file. */
const ALL = 100_000;
const PIECES = ALL / 1_000;
const MOST_KEPT_MB = 25;
const COLOURS = ['red', 'green', 'blue'];

interface Thing extends Record<string, unknown> {
  id: number;
  colour: string;
  note: string;
}
interface Wanted {
  colour?: string;
  part?: string;
}

const cleanup = createCleanup();
let db: Database;
let url: string;
/** How often things were read. */
let reads = 0;

beforeAll(async () => {
  ({ db } = await openEmpty(cleanup));
  await db.query('CREATE TABLE thing (id bigint PRIMARY KEY, colour text NOT NULL, note text NOT NULL)');
  await db.query(
    `INSERT INTO thing SELECT id, ($1::text[])[id % 3 + 1], repeat('나머지 ', 50) || id FROM generate_series(1, $2::int) AS id`,
    [COLOURS, ALL],
  );
  const filters = Type.Object({
    colour: Type.Optional(Type.String()),
    part: Type.Optional(Type.String()),
  });
  const finder = {
    collection: 'things',
    rel: 'thing',
    itemName: 'Thing',
    filters,
    find({ colour, part }: Wanted, range: Range) {
      reads++;
      return readNewest<Thing>(
        db,
        { columns: 'id, colour, note', from: 'thing', id: 'id' },
        [
          ['colour = ?', colour],
          ['note LIKE ?', anywhere(part)],
        ],
        range,
      );
    },
  };
  ({ url } = await serve(cleanup, http => {
    serveFinder(http, finder);
    serveExport(http, finder, ['id', 'colour', 'note']);
  }));
});
afterAll(() => cleanup.run());

it('pages have all that is wanted, each once and the newest first, whatever the size of a page', async () => {
  const wanted = fc.record(
    { colour: fc.constantFrom(...COLOURS, 'none'), part: fc.constantFrom('9998', '77', '100000') },
    { requiredKeys: ['part'] },
  );
  await fc.assert(
    fc.asyncProperty(wanted, fc.integer({ min: 100, max: 1_000 }), async ({ colour, part }, size) => {
      const query = new URLSearchParams({ part, size: String(size), ...(colour && { colour }) });
      const seen: number[] = [];
      let next: string | undefined = `${url}/things/search/find?${query}`;
      while (next) {
        // biome-ignore lint/suspicious/noExplicitAny: the answer as a client reads it
        const page: any = await (await fetch(next)).json();
        seen.push(...page._embedded.things.map((thing: Thing) => thing.id));
        next = page._links.next?.href;
      }
      const model = Array.from({ length: ALL }, (_, i) => ALL - i).filter(
        id => String(id).includes(part) && (!colour || COLOURS[id % 3] === colour),
      );
      expect(seen).toEqual(model);
    }),
    { numRuns: 15 },
  );
});

describe('a file', () => {
  const open = (query = '') =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}/things/search/find.csv${query}`, resolve).on('error', reject);
    });

  it('has all that is wanted, and takes no more memory the longer it gets', async () => {
    const before = keptMb();
    let kept = 0;
    let bytes = 0;
    let lines = 0;
    for await (const chunk of await open()) {
      const piece = chunk as Buffer;
      if (bytes >> 22 !== (bytes + piece.length) >> 22) kept = Math.max(kept, keptMb() - before);
      bytes += piece.length;
      for (const byte of piece) if (byte === 10) lines++;
    }
    expect(lines).toBe(1 + ALL);
    expect(bytes).toBeGreaterThan(2 * MOST_KEPT_MB * 1e6 * 0.9);
    expect(kept).toBeLessThan(MOST_KEPT_MB);
  });

  it('is read no further than its reader comes, and not at all when the reader has left', async () => {
    reads = 0;
    const response = await open();
    let before = -1;
    const comesToRest = () =>
      eventually(async () => {
        const was = before;
        before = reads;
        expect(before).toBe(was);
      });
    await comesToRest();
    expect(reads).toBeLessThan(PIECES);
    response.destroy();
    await comesToRest();
    expect(reads).toBeLessThan(PIECES);
  });

  it('has its line of names alone where nothing was found', async () => {
    const response = await fetch(`${url}/things/search/find.csv?colour=none`);
    expect(Buffer.from(await response.arrayBuffer()).toString()).toBe('\ufeffid,colour,note\n');
  });

  it('is a refusal where the first piece cannot be read, and breaks off where a later one cannot', async () => {
    await db.query('ALTER TABLE thing RENAME TO away');
    expect((await fetch(`${url}/things/search/find.csv`)).status).toBe(500);
    await db.query('ALTER TABLE away RENAME TO thing');
    const response = await open();
    await db.query('ALTER TABLE thing RENAME TO away');
    const read = async () => {
      for await (const _ of response);
    };
    await expect(read()).rejects.toThrow('aborted');
    await db.query('ALTER TABLE away RENAME TO thing');
  });

  it.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1'])(
    'has nothing that a spreadsheet runs: %j',
    async text => {
      await db.query('UPDATE thing SET note = $1 WHERE id = 1', [text]);
      const csv = await (
        await fetch(`${url}/things/search/find.csv?part=${encodeURIComponent(text)}`)
      ).text();
      expect(csv).toMatch(/^(\ufeff)?id,colour,note\n1,green,"?'/);
    },
  );
});
