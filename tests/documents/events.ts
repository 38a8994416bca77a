import { type EventContract, eventContracts, type ServiceName } from '@jumun/contracts';

/** Who listens to the events of a type. */
export type Subscribers = ReadonlyMap<string, ServiceName[]>;

const contracts: readonly EventContract[] = eventContracts;

/** The topic of the first implementation. */
const TOPIC = 'capstoneorderteam';

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });

const headersOf = (type: string) => ({
  type: 'object',
  required: ['type', 'contentType', 'eventId'],
  properties: {
    type: text('The name of the event.', { const: type }),
    contentType: text('The media type of the payload.', { const: 'application/json' }),
    spring_json_header_types: text('The Java types of the other headers, as JSON, for Spring.'),
    eventId: text('Drops what was handled before.', { format: 'uuid' }),
    traceparent: text('The W3C trace of the request that it came of.', {
      pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
    }),
  },
});

/** What stays in order has one key. */
const keyOf = (type: string) =>
  type === 'ProductChanged'
    ? text("`product-` and the product's id.", { pattern: '^product-[1-9][0-9]*$' })
    : text("The order's id.", { pattern: '^[1-9][0-9]*$' });

/** The flat JSON of the wire. */
function payloadOf({ type, schema }: EventContract) {
  return {
    type: 'object',
    required: ['eventType', 'timestamp', ...(schema.required ?? [])],
    properties: {
      eventType: text('The name of the event.', { const: type }),
      timestamp: { type: 'integer', description: 'When it was published, in ms since 1970.' },
      ...schema.properties,
    },
  };
}

function messageOf(contract: EventContract) {
  const { type } = contract;
  return {
    name: type,
    contentType: 'application/json',
    headers: headersOf(type),
    payload: payloadOf(contract),
    bindings: { kafka: { key: keyOf(type), bindingVersion: '0.5.0' } },
  };
}

/** One side of the topic for one service, or nothing where it is not on that side. */
function operation(service: ServiceName, action: 'send' | 'receive', events: EventContract[]) {
  if (events.length === 0) return {};
  return {
    [`${service}.${action}`]: {
      action,
      title: `What ${service} ${action === 'send' ? 'publishes' : 'listens to'}`,
      channel: { $ref: '#/channels/events' },
      messages: events.map(({ type }) => ({ $ref: `#/channels/events/messages/${type}` })),
    },
  };
}

/** The AsyncAPI 3.0 document of the events. */
export function asyncApi(subscribers: Subscribers): object {
  const names = [
    ...new Set([...contracts.map(({ publisher }) => publisher), ...[...subscribers.values()].flat()]),
  ];
  const operations = names.flatMap(service => [
    operation(
      service,
      'send',
      contracts.filter(({ publisher }) => publisher === service),
    ),
    operation(
      service,
      'receive',
      contracts.filter(({ type }) => subscribers.get(type)?.includes(service)),
    ),
  ]);
  const byType = <T>(of: (contract: EventContract) => T) =>
    Object.fromEntries(contracts.map(contract => [contract.type, of(contract)]));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'jumun events',
      version: '1',
      description:
        'What the services tell each other. Delivered at least once, and in order for each key; ' +
        'contracts only ever gain optional fields.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      events: {
        address: TOPIC,
        title: 'The event log',
        messages: byType(({ type }) => ({ $ref: `#/components/messages/${type}` })),
        bindings: { kafka: { topic: TOPIC, bindingVersion: '0.5.0' } },
      },
    },
    operations: Object.assign({}, ...operations),
    components: { messages: byType(messageOf) },
  };
}

/** The same for a person: a row for each event. */
export function eventsTable(subscribers: Subscribers): string {
  const rows = contracts.map(({ type, publisher, schema }) => {
    const needed = new Set<string>(schema.required ?? []);
    const fields = Object.keys(schema.properties).map(name => `\`${name}\`${needed.has(name) ? '' : '?'}`);
    const listeners = subscribers.get(type) ?? [];
    return `| ${type} | ${publisher} | ${listeners.join(', ') || 'nobody'} | ${fields.join(', ')} |`;
  });
  return [
    '# Events',
    '',
    'Written by `npm run docs` from [contracts/src/events.ts](../packages/contracts/src/events.ts) and the',
    'subscriptions of the services; the same for programs is [asyncapi.json](asyncapi.json). On the wire an event is flat',
    'JSON: `eventType`, `timestamp` (ms since 1970) and these fields. A field with a question mark may be missing or null.',
    '',
    '| event | publisher | who listens | fields |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
