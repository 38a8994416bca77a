import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';

const module = pathToFileURL(join(import.meta.dirname, '../src/liveness.ts')).href;

describe('the file that says that a process lives', () => {
  let cleanup: Cleanup;
  let file: string;

  beforeEach(async () => {
    cleanup = createCleanup();
    const directory = await temporaryDirectory();
    cleanup.add(() => rm(directory, { recursive: true, force: true }));
    file = join(directory, 'healthy');
  });
  afterEach(() => cleanup.run());

  /** A process of its own, which blocks for as long as it is told, or stops; it says so when it has done it. */
  async function start(hangMs: number) {
    const script = `
      import { existsSync } from 'node:fs';
      import { keepAlive } from '${module}';
      const alive = keepAlive({ file: ${JSON.stringify(file)}, hangMs: ${hangMs} });
      process.stdout.write(existsSync(${JSON.stringify(file)}) ? 'there' : 'absent');
      process.stdin.on('data', async told => {
        if (Number(told) > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(told));
        else await alive.stop().then(() => process.stdin.destroy());
        process.stdout.write('done');
      });
    `;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    cleanup.add(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    // At once, and not when a thread has come to it.
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toBe('there');
    return {
      exited,
      async tell(what: string) {
        const done = once(child.stdout, 'data');
        child.stdin.write(what);
        await done;
      },
    };
  }
  const isThere = (expected: boolean) => eventually(() => expect(existsSync(file)).toBe(expected));

  it('is there from the start on, and gone after a stop, when the process can end', async () => {
    const process = await start(60_000);
    await process.tell('stop');
    expect(existsSync(file)).toBe(false);
    expect(await process.exited).toEqual([0, null]);
  });

  it('goes while the event loop is blocked, and is back when it turns again', async () => {
    const process = await start(500);
    const blocked = process.tell('4000');
    await isThere(false);
    await blocked;
    await isThere(true);
  });

  it('stays away when somebody has removed it', async () => {
    const process = await start(60_000);
    await rm(file);
    // In that time the thread has looked several times.
    await process.tell('1000');
    await process.tell('1');
    expect(existsSync(file)).toBe(false);
  });
});
