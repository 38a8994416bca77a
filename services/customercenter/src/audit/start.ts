import type { ServiceName } from '@jumun/contracts';
import type { Worker } from '@jumun/messaging';
import {
  type Database,
  type Http,
  HttpUrl,
  type Logger,
  type Metrics,
  Milliseconds,
} from '@jumun/service-kit';
import Type, { type Static } from 'typebox';
import { createAuditor } from './auditor.ts';
import { connectWitnesses } from './peers.ts';
import { serveAudit } from './routes.ts';
import { countFindings, readState } from './store.ts';

const DAY_MS = 86_400_000;

/** What the audit can be told. */
export const auditConfig = {
  ORDER_URL: HttpUrl,
  PRODUCT_URL: HttpUrl,
  PAY_URL: HttpUrl,
  DELIVERY_URL: HttpUrl,
  NOTICE_URL: HttpUrl,
  CUSTOMERCENTER_URL: HttpUrl,
  /** How much of the time may go into the audit, in percent; at 0, passes are made only when asked for. */
  AUDIT_SHARE: Type.Integer({ minimum: 0, maximum: 100, default: 2 }),
  /** From when on an order that waits for a machine stands still, and one that waits for a carrier. */
  SAGA_STANDSTILL_MS: { ...Milliseconds(100, 365 * DAY_MS), default: 30_000 },
  CARRIER_STANDSTILL_MS: { ...Milliseconds(100, 365 * DAY_MS), default: 7 * DAY_MS },
};
const schema = Type.Object(auditConfig);

export interface AuditParts {
  config: Static<typeof schema> & { SERVICE_TOKEN: string };
  db: Database;
  http: Http;
  metrics: Metrics;
  log: Logger;
}

export interface Audit {
  /** Notes that something of these orders has changed. */
  note(orderIds: number[]): void;
  workers: Worker[];
  close(): Promise<void>;
}

/** The audit with its routes, its metrics and the work that it does in the background. */
export function startAudit({ config, db, http, metrics, log }: AuditParts): Audit {
  const urls: Record<ServiceName, string> = {
    order: config.ORDER_URL,
    product: config.PRODUCT_URL,
    pay: config.PAY_URL,
    delivery: config.DELIVERY_URL,
    notice: config.NOTICE_URL,
    customercenter: config.CUSTOMERCENTER_URL,
  };
  const witnesses = connectWitnesses(urls, config.SERVICE_TOKEN, metrics, log);
  const auditor = createAuditor({
    db,
    witnesses,
    log,
    share: config.AUDIT_SHARE,
    ages: { machineMs: config.SAGA_STANDSTILL_MS, carrierMs: config.CARRIER_STANDSTILL_MS },
    looked: measureLooks(metrics),
  });
  serveAudit(http, db, witnesses);
  measureFindings(metrics, db);
  return {
    note: auditor.note,
    workers: [
      { name: 'audit-changes', everyMs: 500, round: auditor.changes },
      { name: 'audit-pass', everyMs: 250, byOneReplica: true, round: auditor.pass },
      { name: 'audit-standing', everyMs: 5_000, byOneReplica: true, round: auditor.standing },
    ],
    close: witnesses.close,
  };
}

function measureLooks(metrics: Metrics): (ms: number, orders: number) => void {
  const seconds = metrics.counter('jumun_audit_seconds_total', 'Time that went into the audit');
  const count = metrics.counter('jumun_audit_orders_total', 'Orders that the audit has looked at');
  return (ms, orders) => {
    seconds.inc(ms / 1000);
    count.inc(orders);
  };
}

function measureFindings(metrics: Metrics, db: Database): void {
  metrics.gauge(
    'jumun_audit_differences',
    'What the services do not agree on',
    async () => (await countFindings(db)).map(({ kind, count }) => ({ labels: { kind }, value: count })),
    ['kind'],
  );
  metrics.gauge(
    'jumun_audit_age_seconds',
    'Since the last whole pass ended, or the first began',
    async () => {
      const { lastEndedAt, passBeganAt } = await readState(db);
      return (Date.now() - (lastEndedAt ?? passBeganAt ?? new Date()).getTime()) / 1000;
    },
  );
  metrics.gauge(
    'jumun_audit_unreachable',
    'Whether the audit does not get on because a service could not be asked',
    async () => ((await readState(db)).unreachable === null ? 0 : 1),
  );
  metrics.gauge(
    'jumun_sagas_standing',
    'Orders that stand still, by what they wait for',
    async () => {
      const { standing } = await readState(db);
      const steps = [...new Set(standing.map(({ step }) => step))];
      return steps.map(step => ({
        labels: { step },
        value: standing.filter(saga => saga.step === step).length,
      }));
    },
    ['step'],
  );
}
