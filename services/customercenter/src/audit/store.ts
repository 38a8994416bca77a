import type { Standstill } from '@jumun/contracts';
import { columns, type Database, type Queryable } from '@jumun/service-kit';

/** Something that differs: of an order (`order 12`), a product, or a charge. */
export interface Finding {
  subject: string;
  kind: string;
  detail: string;
}

export type StandingFinding = Finding & { since: Date };

const MAX_SHOWN = 100;

/** What differs, longest first, at most 100 of it. */
export function listFindings(db: Queryable): Promise<StandingFinding[]> {
  return db.query<StandingFinding & Record<string, unknown>>(
    'SELECT subject, kind, detail, since FROM audit_finding ORDER BY since, subject, kind LIMIT $1',
    [MAX_SHOWN],
  );
}

export function findingsOf(db: Queryable, subject: string): Promise<StandingFinding[]> {
  return db.query<StandingFinding & Record<string, unknown>>(
    'SELECT subject, kind, detail, since FROM audit_finding WHERE subject = $1 ORDER BY since, kind',
    [subject],
  );
}

/** How many findings there are of each kind. */
export function countFindings(db: Queryable): Promise<{ kind: string; count: number }[]> {
  return db.query('SELECT kind, count(*)::int AS count FROM audit_finding GROUP BY kind');
}

/** The orders that something was found about. */
export async function ordersWithFindings(db: Queryable): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT DISTINCT substr(subject, 7)::bigint AS id FROM audit_finding WHERE subject LIKE 'order %'`,
  );
  return rows.map(({ id }) => id);
}

/** What differs about these subjects now; what was found about them and is gone is forgotten. */
export async function saveFindings(db: Database, subjects: string[], findings: Finding[]): Promise<void> {
  await db.transaction(async tx => {
    tx.send(
      `DELETE FROM audit_finding f WHERE subject = ANY($1) AND NOT EXISTS (
         SELECT FROM unnest($2::text[], $3::text[], $4::text[]) AS n(subject, kind, detail)
         WHERE n.subject = f.subject AND n.kind = f.kind AND n.detail = f.detail)`,
      [subjects, ...columns(findings, 'subject', 'kind', 'detail')],
    );
    tx.send(
      `INSERT INTO audit_finding (subject, kind, detail)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
      columns(findings, 'subject', 'kind', 'detail'),
    );
  });
}

/** Forgets what was found about products or charges and is not found any more. */
export async function replaceFindings(db: Database, prefix: string, findings: Finding[]): Promise<void> {
  const rows = await db.query<{ subject: string }>(
    'SELECT DISTINCT subject FROM audit_finding WHERE starts_with(subject, $1)',
    [prefix],
  );
  if (rows.length === 0 && findings.length === 0) return;
  await saveFindings(
    db,
    rows.map(({ subject }) => subject),
    findings,
  );
}

export interface AuditState {
  pass: number;
  passBeganAt: Date | null;
  passOrders: number;
  lastPass: number;
  lastBeganAt: Date | null;
  lastEndedAt: Date | null;
  lastOrders: number;
  inFlight: number;
  unreachable: string | null;
  lookedAt: Date | null;
  standing: Standstill[];
}

export async function readState(db: Queryable): Promise<AuditState> {
  const [state] = await db.query<AuditState & Record<string, unknown>>(
    `SELECT pass, pass_began_at AS "passBeganAt", pass_orders AS "passOrders", last_pass AS "lastPass",
            last_began_at AS "lastBeganAt", last_ended_at AS "lastEndedAt", last_orders AS "lastOrders",
            in_flight AS "inFlight", unreachable, looked_at AS "lookedAt", standing
     FROM audit_state`,
  );
  if (!state) throw new Error('the row of audit_state is gone');
  return state;
}

/** Begins the next pass; gives its number. */
export async function beginPass(db: Queryable): Promise<number> {
  const [row] = await db.query<{ pass: number }>(
    'UPDATE audit_state SET pass = pass + 1, pass_began_at = now(), pass_orders = 0 RETURNING pass',
  );
  return row?.pass ?? 0;
}

/** Notes what a look at some orders of a pass has come to; gives whether that pass is still the one under way. */
export async function noteLook(
  db: Queryable,
  pass: number,
  { orders, inFlight }: { orders: number; inFlight: number },
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE audit_state SET pass_orders = pass_orders + $2, in_flight = $3, looked_at = now(), unreachable = NULL
     WHERE pass = $1 RETURNING 1`,
    [pass, orders, inFlight],
  );
  return rows.length > 0;
}

export async function noteUnreachable(db: Queryable, reason: string): Promise<void> {
  await db.query('UPDATE audit_state SET unreachable = $1 WHERE unreachable IS DISTINCT FROM $1', [reason]);
}

/** Notes the end of a pass, unless another was begun since. */
export async function endPass(db: Queryable, pass: number): Promise<void> {
  await db.query(
    `UPDATE audit_state SET last_pass = pass, last_began_at = pass_began_at, last_ended_at = now(),
            last_orders = pass_orders, looked_at = now(), unreachable = NULL WHERE pass = $1`,
    [pass],
  );
}

/** Whether somebody waits for a pass. */
export async function isPassWanted(db: Queryable): Promise<boolean> {
  const rows = await db.query('SELECT FROM audit_state WHERE wanted_pass > last_pass');
  return rows.length > 0;
}

/** Notes which orders stand still. */
export async function noteStanding(db: Queryable, standing: Standstill[]): Promise<void> {
  await db.query('UPDATE audit_state SET standing = $1 WHERE standing <> $1', [JSON.stringify(standing)]);
}

/** Asks for a pass that begins from now on; gives its number. */
export async function wantPass(db: Queryable): Promise<number> {
  const [row] = await db.query<{ wanted: number }>(
    'UPDATE audit_state SET wanted_pass = greatest(wanted_pass, pass + 1), unreachable = NULL RETURNING wanted_pass AS wanted',
  );
  return row?.wanted ?? 0;
}
