import { Id, Instant, Nullable, type Standstill, services } from '@jumun/contracts';
import {
  accepted,
  type Database,
  type Http,
  IdParams,
  ok,
  onlyServices,
  operation,
  Problem,
} from '@jumun/service-kit';
import Type from 'typebox';
import type { Witnesses } from './peers.ts';
import { type AuditState, countFindings, findingsOf, listFindings, readState, wantPass } from './store.ts';
import { tellStory } from './story.ts';

const Count = Type.Integer({ minimum: 0 });
const Differences = Type.Array(
  Type.Object({ subject: Type.String(), kind: Type.String(), detail: Type.String(), since: Instant }),
);
const readAudit = operation({
  id: 'getAudit',
  summary: 'Whether all services agree, and what differs',
  answers: ok(
    'What the auditor has found so far.',
    Type.Object({
      status: Type.Enum(['clean', 'differs', 'unknown']),
      total: Count,
      differences: Differences,
      standing: Count,
      inFlight: Count,
      unreachable: Nullable(Type.String()),
      lookedAt: Nullable(Instant),
      lastPass: Type.Object({
        number: Count,
        beganAt: Nullable(Instant),
        endedAt: Nullable(Instant),
        orders: Count,
      }),
      pass: Type.Object({ number: Count, beganAt: Nullable(Instant), orders: Count }),
    }),
  ),
});
const Standing = Type.Array(
  Type.Object({
    orderId: Id,
    step: Type.String({ description: 'What it waits for.' }),
    why: Nullable(Type.String()),
    since: Instant,
  }),
);
const listSagas = operation({
  id: 'listStandingSagas',
  summary: 'Orders that stand still',
  answers: ok('The longest first.', Type.Object({ sagas: Standing })),
});
const beginPass = operation({
  id: 'beginAuditPass',
  summary: 'Has a new pass over all orders begun',
  answers: accepted('The number of the pass.', Type.Object({ pass: Count })),
});
const readStory = operation({
  id: 'getOrderStory',
  summary: 'What happened to one order in all services',
  answers: ok(
    'Its story, and its rows as they are now.',
    Type.Object({
      orderId: Id,
      silent: Type.Array(Type.String(), { description: 'Services that did not answer.' }),
      differences: Differences,
      standing: Standing,
      happened: Type.Array(
        Type.Object({
          at: Instant,
          service: Type.String(),
          what: Type.String(),
          payload: Type.Optional(
            Type.Record(Type.String(), Type.Unknown(), { description: 'What an event said.' }),
          ),
        }),
      ),
      rows: Type.Array(
        Type.Object({
          service: Type.String(),
          table: Type.String(),
          row: Type.Record(Type.String(), Type.Unknown()),
        }),
      ),
    }),
  ),
  refusals: ['unknown-order'],
});

/** While a service cannot be asked, what the last pass found clean may no longer be. */
function statusOf({ lastPass, unreachable }: AuditState, differences: number) {
  if (differences > 0) return 'differs';
  return lastPass === 0 || unreachable !== null ? 'unknown' : 'clean';
}

const shownStanding = ({ since, ...saga }: Standstill) => ({ ...saga, since: new Date(since).toISOString() });

/** What the auditor found, and one order's whole story for the operator. */
export function serveAudit(http: Http, db: Database, witnesses: Witnesses): void {
  http.get('/audit', { schema: readAudit }, async () => {
    const [state, differences, counts] = await Promise.all([
      readState(db),
      listFindings(db),
      countFindings(db),
    ]);
    return {
      status: statusOf(state, differences.length),
      total: counts.reduce((sum, { count }) => sum + count, 0),
      differences,
      standing: state.standing.length,
      inFlight: state.inFlight,
      unreachable: state.unreachable,
      lookedAt: state.lookedAt,
      lastPass: {
        number: state.lastPass,
        beganAt: state.lastBeganAt,
        endedAt: state.lastEndedAt,
        orders: state.lastOrders,
      },
      pass: { number: state.pass, beganAt: state.passBeganAt, orders: state.passOrders },
    };
  });

  http.get('/audit/sagas', { onRequest: onlyServices, schema: listSagas }, async () => {
    const { standing } = await readState(db);
    return { sagas: standing.map(shownStanding) };
  });

  http.post('/audit/passes', { onRequest: onlyServices, schema: beginPass }, async (_request, reply) =>
    reply.code(202).send({ pass: await wantPass(db) }),
  );

  http.get(
    '/audit/orders/:id',
    { onRequest: onlyServices, schema: { params: IdParams, ...readStory } },
    async ({ params: { id } }) => {
      const [stories, events, differences, { standing }] = await Promise.all([
        witnesses.stories(id),
        witnesses.history(id),
        findingsOf(db, `order ${id}`),
        readState(db),
      ]);
      const rows = services.flatMap(service =>
        (stories[service]?.rows ?? []).map(entry => ({ service, ...entry })),
      );
      if (rows.length === 0 && events.length === 0)
        throw new Problem('unknown-order', `Nothing is known of an order ${id}.`);
      const handling = await witnesses.handling(
        id,
        events.map(({ eventId }) => eventId),
      );
      return {
        orderId: id,
        silent: services.filter(service => !stories[service]),
        differences,
        standing: standing.filter(({ orderId }) => orderId === id).map(shownStanding),
        happened: tellStory({ stories, events, handling }).map(({ at, ...moment }) => ({
          at: new Date(at).toISOString(),
          ...moment,
        })),
        rows,
      };
    },
  );
}
