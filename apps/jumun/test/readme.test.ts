import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { portOffsets } from '../src/ports.ts';
import { call, openPlace, type Place } from './jumun.ts';

/** A command of the README's tour, as HTTPie sends it, and what is shown of its answer. */
interface Step {
  line: string;
  method: string;
  port: number;
  path: string;
  /** HTTPie sends `key="value"` as JSON strings. */
  body: Record<string, string> | undefined;
  shown: string;
}

const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/```console\n(.*?)```/gs)].map(([, text]) => text ?? '');
const steps = blocks.flatMap(block => block.split(/^\$ /m).slice(1)).map(parse);

function parse(text: string): Step {
  const [line = '', ...rest] = text.trim().split('\n');
  const [, method = '', port = '', path = '', fields = ''] =
    /^http (\w+) localhost:(\d+)(\S+)\s*(.*)$/.exec(line) ?? [];
  const body = Object.fromEntries(
    [...fields.matchAll(/(\w+)="?([^"\s]*)"?/g)].map(([, key, value]) => [key, value]),
  );
  return { line, method, port: Number(port), path, body: fields ? body : undefined, shown: rest.join('\n') };
}

let place: Place;
beforeAll(async () => {
  place = await openPlace();
  await place.start([], { npm: { folder: '.', args: ['start'] } }).ready();
}, 60_000);
afterAll(() => place.clean());

it('has a tour', () => {
  expect(steps.length).toBeGreaterThan(10);
  expect(steps.every(({ method, shown }) => method !== '' && shown !== '')).toBe(true);
});

it.each(steps)('$line', async ({ method, port, path, body, shown }) => {
  const part = Object.keys(portOffsets).find(name => portOffsets[name] === port - 8080) ?? '';
  // What follows from an order is there a moment later.
  await eventually(async () => {
    const answer = await call(method, `${place.url(part)}${path}`, body);
    if (shown.startsWith('{')) expect(answer.body).toMatchObject(JSON.parse(shown));
    else expect(`${answer.status}`).toBe(shown.split(' ')[0]);
  }, 5_000);
});

it('is the same in Korean', async () => {
  const korean = await readFile(new URL('../../../README.ko.md', import.meta.url), 'utf8');
  const blocksOf = (text: string) => text.match(/```.*?```/gs);
  expect(blocksOf(korean)).toEqual(blocksOf(readme));
});

it('shows the answer of npm start', async () => {
  const banner = /```\n(jumun is ready.*?)```/s.exec(readme)?.[1] ?? '';
  for (const [name, offset] of Object.entries(portOffsets)) {
    expect(banner).toMatch(new RegExp(`${name} +http://localhost:${8080 + offset}\n`));
  }
});
