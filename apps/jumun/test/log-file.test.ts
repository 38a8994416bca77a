import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { type LogFile, openLogFile } from '../src/log-file.ts';

const MODULE = new URL('../src/log-file.ts', import.meta.url).href;
const LIMIT = 100_000;
let dataDir: string;
let path: string;
let open: LogFile[];

beforeEach(async () => {
  dataDir = await temporaryDirectory();
  path = join(dataDir, 'logs/jumun.log');
  open = [];
});

afterEach(async () => {
  for (const log of open) await log.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

function openLog(): LogFile {
  const log = openLogFile(dataDir, LIMIT);
  open.push(log);
  return log;
}

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);

it('writes out what is there within a second, and all of it when it is closed', async () => {
  const log = openLog();
  log.write('one\n');
  await eventually(() => expect(linesOf(path)).toEqual(['one']));
  log.write('two\n');
  await log.close();
  expect(linesOf(path)).toEqual(['one', 'two']);
});

it('is put aside when it is long, also by another process; each goes on in the new one, no line is lost', async () => {
  const [one, two] = [openLog(), openLog()];
  const filler = 'x'.repeat(1_000);
  for (let i = 0; i < 150; i++) one.write(`one ${i} ${filler}\n`);
  await eventually(() => expect(statSync(`${path}.1`).size).toBeGreaterThan(LIMIT));
  await eventually(() => {
    one.write('after one\n');
    two.write('after two\n');
    expect(linesOf(path)).toEqual(expect.arrayContaining(['after one', 'after two']));
  });
  const before = linesOf(`${path}.1`).filter(line => line.startsWith('one '));
  expect(before).toHaveLength(150);
});

it.skipIf(!existsSync('/dev/full'))(
  'does not hold up the end of the process where the disk is full (needs /dev/full)',
  async () => {
    mkdirSync(dirname(path));
    symlinkSync('/dev/full', path);
    const script = `
      const { openLogFile } = await import(${JSON.stringify(MODULE)});
      const log = openLogFile(${JSON.stringify(dataDir)});
      const writing = setInterval(() => log.write('x'.repeat(10_000)), 10);
      process.stdin.once('data', async ([how]) => {
        if (how === 'c'.charCodeAt(0)) await log.close();
        process.exit(7);
      });
      process.stdout.write('writes');`;
    for (const how of ['close', 'exit']) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.stdin.write(how);
      expect(await once(child, 'exit')).toEqual([7, null]);
    }
  },
);

it('keeps one old log', async () => {
  const log = openLog();
  for (const round of ['first', 'second']) {
    for (let i = 0; i < 150; i++) log.write(`${round} ${'x'.repeat(1_000)}\n`);
    await eventually(() => {
      expect(linesOf(`${path}.1`)[0]).toMatch(round);
      expect(statSync(path).size).toBeLessThan(LIMIT);
    });
  }
});
