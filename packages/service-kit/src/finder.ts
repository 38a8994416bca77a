import { pipeline } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { FastifyReply } from 'fastify';
import Type, { type Static, type TObject } from 'typebox';
import { baseUrl, type HalResource, halItem } from './hal.ts';
import type { Http } from './http.ts';
import { named, ok, operation } from './openapi.ts';

/** Which of the items that were found are wanted. */
export interface Range {
  /** Those that come after this one; from the first, if not said. */
  after?: number | undefined;
  limit: number;
}

const RangeQuery = {
  after: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  size: Type.Integer({ minimum: 1, maximum: 1000, default: 20 }),
};
const Link = Type.Object({ href: Type.String() });

export interface Finder<Filters extends TObject, Item> extends HalResource {
  /** The name under which the document knows an item, such as `Order`. */
  itemName: string;
  /** What may be asked for; each has to hold. */
  filters: Filters;
  /** Gives at most `limit` items, always in the same order. */
  find(filters: Static<Filters>, range: Range): Promise<Item[]>;
}

/**
 * GET of `/<collection>/search/find`: pages of what is searched for. A page begins after the last item of the one before
 * (keyset), so that each costs as little as the first and none has an item twice, whatever is added meanwhile.
 */
export function serveFinder<Filters extends TObject, Item extends { id: number }>(
  http: Http,
  { filters, find, itemName, ...resource }: Finder<Filters, Item>,
): void {
  const { collection } = resource;
  const schema = operation({
    id: `find${collection[0]?.toUpperCase()}${collection.slice(1)}`,
    summary: `Searches the ${collection}`,
    answers: ok(
      'A page of what was found, with a link to the next one if there may be one.',
      Type.Object({
        _embedded: Type.Object({ [collection]: Type.Array(named(itemName)) }),
        _links: Type.Object({ self: Link, next: Type.Optional(Link) }),
        page: Type.Object({ size: Type.Integer() }),
      }),
    ),
  });
  const querystring = Type.Object({ ...filters.properties, ...RangeQuery });
  http.get(`/${collection}/search/find`, { schema: { querystring, ...schema } }, async request => {
    const { after, size, ...wanted } = request.query as Static<typeof querystring> & {
      after?: number;
      size: number;
    };
    const items = await find(wanted as Static<Filters>, { after, limit: size });
    const self = `${baseUrl(request)}${request.url}`;
    const last = items.at(-1);
    return {
      _embedded: { [collection]: items.map(item => halItem(request, resource, item)) },
      _links: {
        self: { href: self },
        ...(last && items.length === size && { next: { href: nextOf(self, last.id) } }),
      },
      page: { size },
    };
  });
}

function nextOf(self: string, after: number): string {
  const url = new URL(self);
  url.searchParams.set('after', String(after));
  return url.href;
}

/** An export reads so many at a time. */
const PIECE = 1_000;

/**
 * GET of `/<collection>/search/find.csv`: all that is searched for, as it is read, however much it is.
 * @param columns fields of the items, which are the columns of the file
 */
export function serveExport<Filters extends TObject, Item extends { id: number }>(
  http: Http,
  { filters, find, collection }: Finder<Filters, Item>,
  columns: readonly (keyof Item & string)[],
): void {
  const schema = operation({
    id: `export${collection[0]?.toUpperCase()}${collection.slice(1)}`,
    summary: `The ${collection} that are searched for, as a file`,
    answers: {
      200: {
        description: 'UTF-8, with a line of names first.',
        content: { 'text/csv': { schema: Type.String() } },
      },
    },
  });
  async function* all(wanted: Static<Filters>): AsyncGenerator<Item> {
    let after: number | undefined;
    for (;;) {
      const items = await find(wanted, { after, limit: PIECE });
      yield* items;
      if (items.length < PIECE) return;
      after = items.at(-1)?.id;
    }
  }
  http.get(
    `/${collection}/search/find.csv`,
    { schema: { querystring: filters, ...schema } },
    (request, reply): FastifyReply => {
      // Spreadsheets take a file for UTF-8 by its mark alone, and text that begins with an equals sign for a formula.
      const lines = stringify({ header: true, columns: [...columns], bom: true, escape_formulas: true });
      pipeline(all(request.query as Static<Filters>), lines, error => {
        if (error && !reply.raw.destroyed)
          request.log.warn({ err: String(error) }, 'an export was broken off');
      });
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${collection}.csv"`)
        .send(lines);
    },
  );
}
