import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type ProblemSlug, problems } from '@jumun/contracts';
import type { FastifySchema, RouteOptions } from 'fastify';
import Type, { type TObject, type TSchema } from 'typebox';
import { type Http, onlyServices } from './http.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** Request headers as the document shows them; the handler checks them itself. */
    documentedHeaders?: TObject;
    /** The query as the document shows it, where that says more than what the validator checks. */
    documentedQuery?: TObject;
    /** The answers of a route, and its own refusals beside those that every route has. */
    answers?: Answers;
    refusals?: readonly ProblemSlug[];
  }
}

/** A response of the document: what it means, its headers, and its content by media type. */
interface DocumentedResponse {
  description: string;
  headers?: Record<string, TSchema>;
  content?: Record<string, { schema: TSchema }>;
  type?: 'null';
}

/** Responses by status. */
export type Answers = Record<number, DocumentedResponse>;

export interface Operation {
  /** A name that no other operation of the service has, such as `placeOrder`. */
  id: string;
  /** What it does, in one line. */
  summary: string;
  /** What else a client has to know. */
  description?: string;
  /** What it answers when it does it: `ok`, `created`, `accepted` or `done`. */
  answers: Answers;
  /** Why it may not do it; what any route may answer (400, 413, 415, 500, 503) is added. */
  refusals?: readonly ProblemSlug[];
  /** Request headers that the handler reads. */
  headers?: TObject;
  /** The query, where the document can say more of it than the validator checks. */
  query?: TObject;
}

/** What the document says of a route; to be spread into the route's schema, beside what is validated. */
export function operation({ id, summary, description, answers, refusals = [], headers, query }: Operation) {
  const documented: FastifySchema = {
    answers,
    refusals,
    ...(description !== undefined && { description }),
    ...(headers && { documentedHeaders: headers }),
    ...(query && { documentedQuery: query }),
  };
  // The route's types are those of its body and parameters: answers are not serialised by these schemas.
  return { operationId: id, summary, ...(documented as object) };
}

/** 200 with JSON. */
export const ok = (description: string, schema: TSchema, headers?: Record<string, TSchema>): Answers => ({
  200: { description, ...(headers && { headers }), content: { 'application/json': { schema } } },
});

/** 201 with the new item and its Location. */
export const created = (
  description: string,
  schema: TSchema,
  headers?: Record<string, TSchema>,
): Answers => ({
  201: {
    description,
    headers: { Location: Type.String({ description: 'The address of the new item.' }), ...headers },
    content: { 'application/json': { schema } },
  },
});

/** 202: it will be done. */
export const accepted = (description: string, schema: TSchema): Answers => ({
  202: { description, content: { 'application/json': { schema } } },
});

/** 204: it is done, and there is nothing to say. */
export const done = (description: string): Answers => ({ 204: { description, type: 'null' } });

/** A schema that stands once in the document, under its name; see `nameSchema`. */
export const named = (name: string): TSchema => Type.Ref(`${name}#`);

/** Adds a schema to the document under a name, unless it has that one already. */
export function nameSchema(app: Http, name: string, schema: TSchema): void {
  if (!app.getSchema(name)) app.addSchema({ ...schema, $id: name });
}

/** The document of RFC 9457, as `Problem.toDocument` writes it. */
const ProblemDocument = Type.Object({
  type: Type.String({ description: 'Names the kind of problem; a person reads of it at this address.' }),
  title: Type.String(),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: Type.String(),
  instance: Type.String({ description: 'The path of the request.' }),
  traceId: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'Finds the request in the logs.' }),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        pointer: Type.String({ description: 'A JSON Pointer into the body, or the name of a parameter.' }),
        detail: Type.String(),
      }),
    ),
  ),
});

/** What any route may answer, and what only those may that are given something. */
const ANY: ProblemSlug[] = ['internal-error', 'overloaded', 'unavailable'];
const WITH_INPUT: ProblemSlug[] = ['malformed-request', 'invalid-request'];
const NOWHERE: ProblemSlug[] = ['not-found'];
const WRITING: ProblemSlug[] = ['malformed-request', 'body-too-large', 'unsupported-media-type'];

/**
 * Serves the OpenAPI document of the routes that are added after it: `GET /openapi.json` for programs and
 * `GET /docs` for people. Routes between services are left out.
 */
export async function serveDocument(app: Http, service: string): Promise<void> {
  nameSchema(app, 'Problem', ProblemDocument);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: `jumun ${service}`,
        version: '1',
        description: [
          `The ${service} service of jumun. Refusals are problem documents (RFC 9457); a method that a path does not`,
          'have is answered with 405 and `Allow`. Wherever a JSON number is wanted, a string of its digits will do.',
        ].join('\n'),
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          service: {
            type: 'http',
            scheme: 'bearer',
            description: 'The service credential; to others these routes do not exist (404).',
          },
        },
      },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: json => String(json.$id) },
    transform: ({ schema, url, route }) => ({ schema: documentedSchema(schema, route), url }),
    transformObject: document =>
      'openapiObject' in document ? finish(document.openapiObject) : document.swaggerObject,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: `jumun ${service}` },
    // No request leaves for a validator elsewhere.
    uiConfig: { validatorUrl: null },
  });
}

/** A route's schema as the plugin is to see it. */
function documentedSchema(
  schema: FastifySchema | undefined,
  { url, method, onRequest }: RouteOptions,
): FastifySchema {
  if (!schema || url.startsWith('/internal/')) return { ...schema, hide: true };
  const { answers, refusals = [], documentedHeaders, documentedQuery, ...rest } = schema;
  const slugs = new Set<ProblemSlug>(refusals);
  const add = (more: ProblemSlug[]) => more.forEach(slug => void slugs.add(slug));
  add(ANY);
  if (schema.body || schema.params || schema.querystring) add(WITH_INPUT);
  const guarded = [onRequest].flat().includes(onlyServices);
  if (schema.params || guarded) add(NOWHERE);
  if (method !== 'GET') add(WRITING);
  return {
    ...rest,
    tags: [url.split('/')[1] || 'root'],
    ...(guarded && { security: [{ service: [] }] }),
    ...(documentedHeaders && { headers: documentedHeaders }),
    ...(schema.querystring ? { querystring: withoutDefaults(documentedQuery ?? schema.querystring) } : {}),
    ...(schema.body ? { body: withoutDefaults(schema.body) } : {}),
    response: { ...answers, ...refusedWith([...slugs]) },
  };
}

/** What has a default may be left out, though the validator, which fills it in first, then finds it there. */
function withoutDefaults(schema: unknown): unknown {
  const { properties, required, ...rest } = schema as Partial<TObject>;
  if (!properties || !required) return schema;
  const needed = required.filter(name => !('default' in (properties[name] ?? {})));
  return { ...rest, properties, ...(needed.length > 0 && { required: needed }) };
}

/** The problem documents of some refusals, by status. */
function refusedWith(slugs: ProblemSlug[]): Answers {
  const statuses = [...new Set(slugs.map(slug => problems[slug].status))];
  return Object.fromEntries(
    statuses.map(status => [status, problemResponse(slugs.filter(slug => problems[slug].status === status))]),
  );
}

function problemResponse(slugs: ProblemSlug[]): DocumentedResponse {
  const types = slugs.map(slug => `/problems/${slug}`);
  const passes = slugs.some(slug => problems[slug].status === 503);
  return {
    description: slugs.map(slug => `${problems[slug].title} (\`${slug}\`).`).join('\n'),
    ...(passes && {
      headers: { 'Retry-After': Type.Integer({ minimum: 0, description: 'Seconds to wait.' }) },
    }),
    content: {
      'application/problem+json': {
        schema: Type.Intersect([named('Problem'), Type.Object({ type: Type.Enum(types) })]),
      },
    },
  };
}

/** What the plugin cannot be told of: bodies that may be left out, and patterns that other tools can read. */
function finish<D extends object>(document: D): D {
  return JSON.parse(JSON.stringify(document), (key, value) => {
    // JSON in UTF-8 has no half of a surrogate pair, and not every tool knows how to look for one.
    if (key === 'pattern' && typeof value === 'string') return value.replace('\\ud800-\\udfff', '');
    if (key === 'requestBody')
      return { ...value, required: !takesNull(value.content['application/json'].schema) };
    return value;
  });
}

const takesNull = (schema: { anyOf?: { type?: string }[] }) =>
  schema.anyOf?.some(({ type }) => type === 'null') ?? false;
