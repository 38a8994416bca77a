import type { Settled } from './checks.ts';
import type { Fault } from './faults.ts';
import type { Entry } from './load.ts';
import type { StormCount } from './storm.ts';

export interface Run {
  seed: number;
  transport: string;
  minutes: number;
  faults: Fault[];
  counts: Map<string, StormCount>;
  entries: Entry[];
  settled: Settled;
  /** Processes that failed to start or ended, and were started again. */
  ownEnds: number;
}

/** The table of a run, as Markdown. */
export function table(run: Run): string {
  const { seed, transport, minutes, faults, counts, settled, ownEnds } = run;
  const faultRows = faults.map(({ name, impossible }) => {
    if (impossible) return [name, `SKIPPED: ${impossible}`, ''];
    const { struck = 0, failed = 0 } = counts.get(name) ?? {};
    return [name, String(struck), failed > 0 ? String(failed) : ''];
  });
  const struck = [...counts.values()].reduce((sum, count) => sum + count.struck, 0);
  const outcome = [
    ['seed', String(seed)],
    ['event log', transport],
    ['minutes of faults', String(minutes)],
    ['faults', String(struck)],
    ['starts that failed meanwhile', String(ownEnds)],
    ['requests', String(run.entries.length)],
    ['violations', String(settled.violations.length)],
    ['settled after', settled.ms === undefined ? 'not at all' : `${(settled.ms / 1_000).toFixed(1)} s`],
  ];
  return [
    markdown(['fault', 'times', 'could not be'], faultRows),
    markdown(['request', 'number', 'answers by status', 'p50 ms', 'p99 ms'], requestRows(run.entries)),
    markdown(['', ''], outcome),
    ...settled.violations.map(violation => `VIOLATION ${violation}`),
  ].join('\n\n');
}

function requestRows(entries: Entry[]): string[][] {
  const byWhat = grouped(entries, ({ what }) => what);
  return [...byWhat].map(([what, of]) => {
    const statuses = [...grouped(of, ({ status }) => status)]
      .sort(([a], [b]) => a - b)
      .map(([status, some]) => `${status === 0 ? 'none' : status}: ${some.length}`);
    const took = of.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const at = (share: number) => String(Math.round(took[Math.floor(share * (took.length - 1))] ?? 0));
    return [what, String(of.length), statuses.join(', '), at(0.5), at(0.99)];
  });
}

function grouped<T, K>(items: T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function markdown(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell => cell.replaceAll('|', '/')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What was tested, and why it failed where it did. */
export interface Verdict {
  name: string;
  failure: string | undefined;
}

/** A report as Vitest writes it, for the count at the end of a whole check. */
export function reportOf(verdicts: Verdict[]): object {
  const failed = verdicts.filter(({ failure }) => failure !== undefined).length;
  return {
    numTotalTests: verdicts.length,
    numPassedTests: verdicts.length - failed,
    numFailedTests: failed,
    numPendingTests: 0,
    success: failed === 0,
    testResults: verdicts.map(({ name, failure }) => ({
      name: 'chaos',
      status: failure === undefined ? 'passed' : 'failed',
      assertionResults: [
        {
          fullName: name,
          status: failure === undefined ? 'passed' : 'failed',
          failureMessages: failure === undefined ? [] : [failure],
        },
      ],
    })),
  };
}
