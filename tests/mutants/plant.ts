import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Edit } from './mutants.ts';

const run = promisify(execFile);

/** A copy of the working tree in which something may be changed. */
export interface Copy {
  root: string;
  remove(): Promise<void>;
}

/**
 * Copies what is or could be tracked. What is installed is linked; the workspace's own packages lead to the copy, since
 * their links are relative.
 */
export async function copyTree(root: string): Promise<Copy> {
  const copy = await mkdtemp(join(tmpdir(), 'jumun-mutant-'));
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  for (const path of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    // A file may be deleted and not yet committed so.
    await cp(join(root, path), join(copy, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  const installed = join(root, 'node_modules');
  const own = join('node_modules', '@jumun');
  await mkdir(join(copy, own), { recursive: true });
  for (const name of await readdir(installed)) {
    if (name !== '@jumun') await symlink(join(installed, name), join(copy, 'node_modules', name));
  }
  for (const name of await readdir(join(root, own))) {
    await symlink(await readlink(join(root, own, name)), join(copy, own, name));
  }
  return { root: copy, remove: () => rm(copy, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Plants a bug. @throws where what it replaces does not stand there exactly once */
export async function plant(root: string, edits: Edit[]): Promise<void> {
  for (const { file, find, replace } of edits) {
    const text = await readFile(join(root, file), 'utf8');
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`${file} has ${JSON.stringify(find)} ${times} times and not once`);
    await writeFile(
      join(root, file),
      text.replace(find, () => replace),
    );
  }
}
