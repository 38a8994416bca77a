import { Id, Instant, Nullable, Text } from '@jumun/contracts';
import {
  type Database,
  type Http,
  halCollection,
  halItem,
  IdParams,
  named,
  nameResource,
  ok,
  onlyServices,
  operation,
  Problem,
  traceIdOf,
} from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  type DeadLetter,
  type DeadLetterSummary,
  deadLetterStates,
  discardLetter,
  findLetter,
  type HandledLetter,
  listSuccessors,
  pageLetters,
  replayLetter,
  replayParked,
} from './dead-letters.ts';

const resource = { collection: 'dead-letters', rel: 'dead-letter' } as const;

const ListQuery = Type.Object({
  page: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 }),
  size: Type.Integer({ minimum: 1, maximum: 1000, default: 20 }),
  state: Type.Optional(Type.Enum([...deadLetterStates])),
  key: Type.Optional(Text(200)),
});

const DiscardBody = Type.Object(
  {
    reason: Type.Intersect([Text(500), Type.String({ pattern: '\\S' })]),
    successors: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

const Letter = Type.Object({
  id: Id,
  state: Type.Enum([...deadLetterStates]),
  type: Type.String({ description: 'The name of the event.' }),
  key: Type.String({ description: 'What stays in order has one key.' }),
  eventId: Type.String({ format: 'uuid' }),
  attempts: Type.Integer({ minimum: 0 }),
  nextAttemptAt: Nullable(Instant),
  reason: Nullable(Type.String()),
  failedAt: Instant,
  discardedAt: Nullable(Instant),
  traceId: Nullable(Type.String()),
});
const list = operation({
  id: 'listDeadLetters',
  summary: 'Events that could not be handled, and those that wait behind them',
  answers: ok('The page, with links to its neighbours.', named('DeadLetterCollection')),
});
const show = operation({
  id: 'getDeadLetter',
  summary: 'One of them, with what it says and what waits behind it',
  answers: ok(
    'It, with its links.',
    Type.Intersect([
      named('DeadLetter'),
      Type.Object({
        payload: Type.String({ description: 'The event as it is on the wire.' }),
        stack: Nullable(Type.String()),
        _embedded: Type.Object({ successors: Type.Array(named('DeadLetter')) }),
      }),
    ]),
  ),
  refusals: ['unknown-dead-letter'],
});
const Replayed = Type.Object({ replayed: Type.Array(Id) });
const replay = operation({
  id: 'replayDeadLetter',
  summary: 'Has it tried again at once',
  answers: ok('Which are tried.', Replayed),
  refusals: ['unknown-dead-letter', 'dead-letter-conflict'],
});
const replayAll = operation({
  id: 'replayParkedDeadLetters',
  summary: 'Has all that are parked tried again',
  answers: ok('Which are tried.', Replayed),
});
const discard = operation({
  id: 'discardDeadLetter',
  summary: 'Gives it up; its successors go on without it',
  answers: ok('Which are given up.', Type.Object({ discarded: Type.Array(Id) })),
  refusals: ['unknown-dead-letter', 'dead-letter-conflict'],
});

/**
 * The dead-letter desk, under /dead-letters: an operator looks at the events that could not be handled, has them tried again
 * or gives them up. Only for those who show the service credential.
 */
export function serveDesk(http: Http, db: Database): void {
  const onRequest = onlyServices;
  nameResource(http, resource, Letter);

  http.get('/dead-letters', { onRequest, schema: { querystring: ListQuery, ...list } }, async request => {
    const { page, size, state, key } = request.query;
    const filter = { ...(state !== undefined && { state }), ...(key !== undefined && { key }) };
    const { items, total } = await pageLetters(db, filter, { limit: size, offset: page * size });
    const collection = halCollection(request, resource, items.map(shown), { page, size, total, filter });
    const { profile: _, ...links } = collection._links;
    return { ...collection, _links: links };
  });

  http.get('/dead-letters/:id', { onRequest, schema: { params: IdParams, ...show } }, async request => {
    const letter = await getLetter(request.params.id);
    const { payload, stack } = letter;
    const successors = await listSuccessors(db, letter);
    return {
      ...halItem(request, resource, { ...shown(letter), payload, stack }),
      _embedded: { successors: successors.map(it => halItem(request, resource, shown(it))) },
    };
  });

  http.post(
    '/dead-letters/:id/replayed',
    { onRequest, schema: { params: IdParams, ...replay } },
    async request => {
      const { id } = request.params;
      const letter = await replayLetter(db, id);
      if (!letter) throw conflict(await getLetter(id));
      logHandled(request, [letter], 'dead letter replayed');
      return { replayed: [id] };
    },
  );

  http.post('/dead-letters/replayed', { onRequest, schema: replayAll }, async request => {
    const letters = await replayParked(db);
    logHandled(request, letters, 'dead letter replayed');
    return { replayed: letters.map(({ id }) => id) };
  });

  http.post(
    '/dead-letters/:id/discarded',
    { onRequest, schema: { params: IdParams, body: DiscardBody, ...discard } },
    async request => {
      const { id } = request.params;
      const { reason, successors } = request.body;
      const letters = await discardLetter(db, id, reason.trim(), { successors });
      if (letters.length === 0) throw conflict(await getLetter(id));
      logHandled(request, letters, 'dead letter discarded', { reason });
      return { discarded: letters.map(letter => letter.id) };
    },
  );

  async function getLetter(id: number): Promise<DeadLetter> {
    const letter = await findLetter(db, id);
    if (!letter) throw new Problem('unknown-dead-letter', `There is no dead letter ${id}.`);
    return letter;
  }
}

/** A letter as it is shown; the next try of one that is not tried by itself means nothing. */
function shown(letter: DeadLetterSummary) {
  const { id, state, type, key, eventId, attempts, reason, failedAt, discardedAt, traceparent } = letter;
  const nextAttemptAt = state === 'retrying' || state === 'waiting' ? letter.nextAttemptAt : null;
  const traceId = traceIdOf(traceparent) ?? null;
  return { id, state, type, key, eventId, attempts, nextAttemptAt, reason, failedAt, discardedAt, traceId };
}

function conflict({ id, state }: DeadLetter): Problem {
  const why = {
    discarded: 'was discarded',
    waiting: 'waits behind an earlier event of its key, which has to be handled first',
    // It failed again between the two looks.
    retrying: 'is being tried',
    parked: 'has only just been parked',
  }[state];
  return new Problem('dead-letter-conflict', `Dead letter ${id} ${why}.`, { extra: { state } });
}

/** Who did what: until there is identity, a caller is known by its address and its trace. */
function logHandled(
  request: FastifyRequest,
  letters: HandledLetter[],
  what: string,
  more: object = {},
): void {
  const by = { from: request.ip, byTraceId: request.trace.traceId };
  for (const { id, key, type, traceparent } of letters) {
    const traceId = traceIdOf(traceparent);
    request.log.info({ traceId, deadLetter: id, event: type, key, ...by, ...more }, what);
  }
}
