import type { ProblemSlug } from '@jumun/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type TObject, type TSchema } from 'typebox';
import { nameResource, ProfileSchema, profilesSchema, rootSchema } from './hal-schemas.ts';
import type { Http } from './http.ts';
import { named, ok, operation } from './openapi.ts';
import type { Page, PageRequest } from './page.ts';
import { Problem } from './problem.ts';

const MAX_PAGE_SIZE = 1000;
const MAX_SORT_TERMS = 2;

export const IdParams = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
const PageQuery = Type.Object({
  page: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 }),
  size: Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, default: 20 }),
  sort: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: MAX_SORT_TERMS })])),
});

/** The query of a collection as its document shows it: what `parseSort` takes. */
function documentedPageQuery(sortable: Record<string, string>): TObject {
  const pattern = `^(${Object.keys(sortable).join('|')})(,([aA][sS][cC]|[dD][eE][sS][cC]))?$`;
  return Type.Object({
    ...PageQuery.properties,
    sort: Type.Optional(
      Type.Array(Type.String({ pattern }), {
        maxItems: MAX_SORT_TERMS,
        description: 'A field, and perhaps `,asc` or `,desc`; may be given twice.',
      }),
    ),
  });
}

/** How a service's resource appears in HAL, in the manner of Spring Data REST. */
export interface HalResource {
  /** The collection's name: its path and `_embedded` key, e.g. `orders`. */
  readonly collection: string;
  /** Its path where that is another. */
  readonly path?: string;
  /** The link relation of one item, e.g. `order`. */
  readonly rel: string;
}

/** The address that the client called, from Host or a trusted proxy's X-Forwarded-*. */
export function baseUrl(request: FastifyRequest): string {
  const scheme = request.protocol === 'https' ? 'https' : 'http';
  return `${scheme}://${request.host}`;
}

/** One item with its links. */
export function halItem<T extends { id: number }>(request: FastifyRequest, resource: HalResource, item: T) {
  const href = `${baseUrl(request)}/${resource.path ?? resource.collection}/${item.id}`;
  return { ...item, _links: { self: { href }, [resource.rel]: { href } } };
}

/** Answers 201 with Location and the item. */
export function sendCreated<T extends { id: number }>(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: HalResource,
  item: T,
): FastifyReply {
  const document = halItem(request, resource, item);
  return reply.code(201).header('location', document._links.self.href).send(document);
}

export interface ResourceRoutes<T extends { id: number }> extends HalResource {
  /** The problem for an id that is not there. */
  unknown: ProblemSlug;
  /** Fields that may be sorted by, and the column of each. */
  sortable: Record<string, string>;
  /** May set headers such as ETag on the reply. */
  find(id: number, reply: FastifyReply): Promise<T | undefined>;
  page(request: PageRequest): Promise<Page<T>>;
  /** What one item consists of; its fields are what its profile describes. */
  schema: TObject;
  /** Whether there are searches under /<collection>/search. */
  searches?: boolean;
  /** Headers of an item's answer, as the document shows them. */
  itemHeaders?: Record<string, TSchema>;
}

/** GET of the collection, of one item, of their profile, and the service's root with its templated links. */
export function serveResource<T extends { id: number }>(app: Http, resource: ResourceRoutes<T>): void {
  const { collection, sortable } = resource;
  const name = nameResource(app, resource, resource.schema);

  const root = operation({
    id: 'root',
    summary: 'Where to begin',
    answers: ok('Links to what there is.', rootSchema(resource)),
  });
  app.get('/', { schema: root }, async request => {
    const base = baseUrl(request);
    return {
      _links: {
        [collection]: { href: `${base}/${collection}{?page,size,sort}`, templated: true },
        ...(resource.searches && { search: { href: `${base}/${collection}/search` } }),
        profile: { href: `${base}/profile` },
      },
    };
  });

  serveProfile(app, resource);

  const list = operation({
    id: `list${name}`,
    summary: `A page of the ${collection}`,
    answers: ok('The page, with links to its neighbours.', named(`${name}Collection`)),
    query: documentedPageQuery(sortable),
  });
  app.get(`/${collection}`, { schema: { querystring: PageQuery, ...list } }, async request => {
    const { page, size, sort } = request.query;
    const order = [sort ?? []].flat().map(term => parseSort(term, sortable));
    const { items, total } = await resource.page({ limit: size, offset: page * size, order });
    return halCollection(request, resource, items, { page, size, total });
  });

  const read = operation({
    id: `get${name}`,
    summary: `One ${resource.rel}`,
    answers: ok('It, with its links.', named(name), resource.itemHeaders),
    refusals: [resource.unknown],
  });
  app.get(`/${collection}/:id`, { schema: { params: IdParams, ...read } }, async (request, reply) => {
    const item = await resource.find(request.params.id, reply);
    if (!item) throw unknownItem(resource, request.params.id);
    return halItem(request, resource, item);
  });
}

/** What a `profile` link leads to: the fields of an item, as ALPS has it (draft-amundsen-richardson-foster-alps). */
function serveProfile(app: Http, resource: HalResource & { schema: TObject }): void {
  const { collection, rel, schema } = resource;
  const fields = Object.keys(schema.properties).map(name => ({ name, type: 'SEMANTIC' }));
  const profiles = operation({
    id: 'listProfiles',
    summary: 'What is described',
    answers: ok('Links to the descriptions.', profilesSchema(resource)),
  });
  app.get('/profile', { schema: profiles }, async request => {
    const self = `${baseUrl(request)}/profile`;
    return { _links: { self: { href: self }, [collection]: { href: `${self}/${collection}` } } };
  });
  const profile = operation({
    id: 'getProfile',
    summary: `The fields of one ${rel}`,
    answers: ok('An ALPS description.', ProfileSchema),
  });
  app.get(`/profile/${collection}`, { schema: profile }, async request => {
    const href = `${baseUrl(request)}/profile/${collection}`;
    return {
      alps: { version: '1.0', descriptor: [{ id: `${rel}-representation`, href, descriptor: fields }] },
    };
  });
}

/** The problem for an id that is not there. */
export function unknownItem({ unknown, rel }: { unknown: ProblemSlug; rel: string }, id: number): Problem {
  return new Problem(unknown, `There is no ${rel} ${id}.`);
}

function parseSort(term: string, sortable: Record<string, string>) {
  const [field = '', direction = 'asc', ...more] = term.split(',');
  const column = Object.hasOwn(sortable, field) ? sortable[field] : undefined;
  if (!column || !/^(asc|desc)$/i.test(direction) || more.length > 0) {
    throw new Problem(
      'invalid-request',
      `sort takes field,asc or field,desc with one of ${Object.keys(sortable).join(', ')}.`,
      {
        errors: [{ pointer: '/sort', detail: `${term} cannot be sorted by` }],
      },
    );
  }
  return { column, descending: direction.toLowerCase() === 'desc' };
}

/**
 * A page of items with the links to its neighbours.
 * @param page `filter`: what was asked for beside page, size and sort, for the links to ask for it again
 */
export function halCollection<T extends { id: number }>(
  request: FastifyRequest,
  resource: HalResource,
  items: T[],
  { page, size, total, filter = {} }: { page: number; size: number; total: number; filter?: object },
) {
  const path = `${baseUrl(request)}/${resource.path ?? resource.collection}`;
  const totalPages = Math.ceil(total / size);
  const query = request.query as { sort?: string | string[] };
  const sort = [query.sort ?? []]
    .flat()
    .map(term => `&sort=${encodeURIComponent(term).replaceAll('%2C', ',')}`);
  const filters = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`);
  const more = [...sort, ...filters].join('');
  const at = (number: number) => ({ href: `${path}?page=${number}&size=${size}${more}` });
  const last = Math.max(0, totalPages - 1);
  return {
    _embedded: { [resource.collection]: items.map(item => halItem(request, resource, item)) },
    _links: {
      ...(totalPages > 1 && { first: at(0) }),
      ...(page > 0 && totalPages > 1 && { prev: at(Math.min(page - 1, last)) }),
      self: request.url.includes('?') ? at(page) : { href: path },
      ...(page < last && { next: at(page + 1) }),
      ...(totalPages > 1 && { last: at(last) }),
      profile: { href: `${baseUrl(request)}/profile/${resource.collection}` },
    },
    page: { size, totalElements: total, totalPages, number: page },
  };
}
