import { readFile } from 'node:fs/promises';
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { documents } from './documents.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}
interface AsyncApi {
  channels: { events: { address: string; messages: object } };
  operations: Record<string, { action: string; messages: { $ref: string }[] }>;
}

const validator = new Validator();
const made = await documents();
const openapi = Object.keys(made).filter(path => path.startsWith('docs/openapi/'));
const read = <T>(path: string) => JSON.parse(made[path] ?? '') as T;

/** Where each reference of a document leads, and what is there. */
function references(document: object): [reference: string, target: unknown][] {
  const found = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
  return [...found].map(([, path = '']) => [
    path,
    path
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document),
  ]);
}

test.each(Object.keys(made))('%s is what the code says (else: npm run docs)', async path => {
  const committed = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(made[path]).toBe(committed);
});

/** Answers that are no JSON when all is well. */
const OTHER_TYPES: Record<string, string> = {
  'get /myPages/events': 'text/event-stream',
  'get /myPages/search/find.csv': 'text/csv',
  'get /pays/search/find.csv': 'text/csv',
};

describe.each(openapi)('%s', path => {
  const document = read<OpenApi>(path);
  const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${url}`, ...operation })),
  );

  test('is an OpenAPI 3.1 document', async () => {
    const result = await validator.validate(made[path] ?? '');
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('has nowhere a reference that leads to nothing', () => {
    expect(references(document).filter(([, target]) => target === undefined)).toEqual([]);
  });

  test('says of each route what it does, how it answers, and how it refuses', () => {
    expect(operations.length).toBeGreaterThan(3);
    for (const { name, operationId, summary, responses } of operations) {
      expect(operationId, name).toMatch(/^[a-z]\w+$/);
      expect(summary, name).toMatch(/\w/);
      const statuses = Object.keys(responses);
      expect(
        statuses.filter(status => status.startsWith('2')),
        name,
      ).not.toEqual([]);
      expect(statuses, name).toEqual(expect.arrayContaining(['500', '503']));
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const type = Number(status) < 400 ? 'application/json' : 'application/problem+json';
        const types = status === '204' ? [] : [(status === '200' && OTHER_TYPES[name]) || type];
        expect(Object.keys(content), `${name} ${status}`).toEqual(types);
      }
    }
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('keeps what is between services, and what runs them, to itself', () => {
    const paths = Object.keys(document.paths);
    expect(paths).toEqual(expect.arrayContaining(['/', '/profile']));
    expect(paths.filter(path => /internal|metrics|actuator|docs|openapi/.test(path))).toEqual([]);
    expect(operations.filter(({ name }) => /^(head|options|trace)/.test(name))).toEqual([]);
  });
});

describe('docs/asyncapi.json', () => {
  const document = read<AsyncApi>('docs/asyncapi.json');

  test('is an AsyncAPI 3.0 document', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  test('has nowhere a reference that leads to nothing', () => {
    expect(references(document).filter(([, target]) => target === undefined)).toEqual([]);
  });

  test('has each event published by one service', () => {
    const sent = Object.values(document.operations)
      .filter(({ action }) => action === 'send')
      .flatMap(({ messages }) => messages.map(({ $ref }) => $ref));
    const events = Object.keys(document.channels.events.messages);
    expect(sent.sort()).toEqual(events.map(type => `#/channels/events/messages/${type}`).sort());
  });

  test('has each service listen to what it subscribes to', () => {
    const receiving = Object.entries(document.operations).filter(([, { action }]) => action === 'receive');
    expect(receiving.map(([name]) => name).sort()).toEqual(
      ['customercenter', 'delivery', 'notice', 'order', 'pay', 'product'].map(name => `${name}.receive`),
    );
    const pay = document.operations['pay.receive']?.messages.map(({ $ref }) => $ref.split('/').at(-1));
    expect(pay).toEqual(['OrderCanceled', 'DeliveryCompleted']);
  });
});
