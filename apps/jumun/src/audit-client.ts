import { setTimeout as delay } from 'node:timers/promises';
import { type RunningOptions, tokenOf, urlOf } from './running.ts';

const POLL_MS = 250;
const TIMEOUT_MS = 20_000;

export interface Finding {
  subject: string;
  kind: string;
  detail: string;
  since: string;
}

export interface Saga {
  orderId: number;
  step: string;
  why: string | null;
  since: string;
}

export interface Audit {
  status: 'clean' | 'differs' | 'unknown';
  /** How many differences there are; the oldest are listed. */
  total: number;
  differences: Finding[];
  standing: number;
  inFlight: number;
  unreachable: string | null;
  lastPass: { number: number; orders: number };
  pass: { number: number; orders: number };
}

export interface Story {
  orderId: number;
  /** Services that did not answer. */
  silent: string[];
  differences: Finding[];
  standing: Saga[];
  happened: { at: string; service: string; what: string; payload?: Record<string, unknown> }[];
  rows: { service: string; table: string; row: Record<string, unknown> }[];
}

/** The auditor of the running system, asked with the services' credential. */
export interface AuditClient {
  /** A whole pass that begins now. @param progress told now and then how far it is */
  audit(progress: (audit: Audit) => void): Promise<Audit>;
  /** @throws Error where nothing is known of the order */
  story(orderId: number): Promise<Story>;
  sagas(): Promise<Saga[]>;
}

/**
 * Asks at CUSTOMERCENTER_URL with SERVICE_TOKEN, or on this machine with the data directory's token.
 * @throws Error in one line where the system does not answer
 */
export async function connectAudit(options: RunningOptions): Promise<AuditClient> {
  const base = urlOf('customercenter', options);
  const token = await tokenOf(options);

  async function call<T>(method: string, path: string): Promise<T> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${base}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(error => {
      throw new Error(`customercenter does not answer at ${base}; is jumun running there? (--port-base)`, {
        cause: error,
      });
    });
    const body = (await response.json().catch(() => ({}))) as T & { type?: string; detail?: string };
    // Without the credential these routes do not exist.
    if (response.status === 404 && body.type !== '/problems/unknown-order')
      throw new Error(
        `${base} is not customercenter, or does not know this credential (--data, SERVICE_TOKEN)`,
      );
    if (!response.ok) throw new Error(body.detail ?? `customercenter answered ${response.status}`);
    return body;
  }

  return {
    async audit(progress) {
      const { pass } = await call<{ pass: number }>('POST', '/audit/passes');
      for (;;) {
        const audit = await call<Audit>('GET', '/audit');
        if (audit.lastPass.number >= pass) return audit;
        if (audit.unreachable) throw new Error(`the audit cannot go on: ${audit.unreachable}`);
        progress(audit);
        await delay(POLL_MS);
      }
    },
    story: orderId => call('GET', `/audit/orders/${orderId}`),
    sagas: async () => (await call<{ sagas: Saga[] }>('GET', '/audit/sagas')).sagas,
  };
}
