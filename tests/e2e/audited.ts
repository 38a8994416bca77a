import { eventually } from '../support/eventually.ts';
import type { System } from '../support/system.ts';
import { asService, type Json } from './steps.ts';

/** Waits for a pass of the audit that begins now, and gives what it has come to. */
export async function audited(system: System, withinMs = 30_000): Promise<Json> {
  const asked = await system.call<Json>('customercenter', 'POST', '/audit/passes', undefined, asService);
  return eventually(async () => {
    const { body } = await system.call<Json>('customercenter', 'GET', '/audit');
    if (body.lastPass.number < asked.body.pass)
      throw new Error(`the pass has not ended: ${JSON.stringify(body)}`);
    return body;
  }, withinMs);
}
