import type { ParseArgsConfig } from 'node:util';
import type { RunningOptions } from '../running.ts';
import { UsageError } from './usage-error.ts';

/** The options that were given, by name. */
export type Values = Record<string, string | boolean | undefined>;

/** One of jumun's commands. Its file is loaded only when it is called. */
export interface Command {
  /** What stands after `jumun` in the usage: a line for each form. */
  usage: string[];
  options: NonNullable<ParseArgsConfig['options']>;
  /** @throws UsageError for words that make no sense, Error in one line for what cannot be done */
  run(words: string[], values: Values): Promise<void>;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const data = { data: text };
/** Of commands that ask the running system. */
const running = { ...data, 'port-base': text };

export const commands: Record<string, Command> = {
  start: {
    usage: ['start [--only order,pay] [--port-base 8080] [--data .jumun]'],
    options: { ...data, only: text, 'port-base': text },
    async run(words, { only, 'port-base': portBase, data }) {
      if (words.length > 0) throw new UsageError(`start takes no ${words[0]}`);
      const { planStart } = await import('../options.ts');
      const plan = planStart({ only, portBase, data } as Record<string, string | undefined>);
      const { start } = await import('../start.ts');
      await start(plan);
    },
  },

  migrate: {
    usage: ['migrate [--only order,pay] [--contract]'],
    options: { only: text, contract: flag },
    async run(words, { only, contract }) {
      if (words.length > 0) throw new UsageError(`migrate takes no ${words[0]}`);
      const { migrate } = await import('./migrate.ts');
      await migrate(only as string | undefined, contract === true);
    },
  },

  archive: {
    usage: ['archive DIR [--days 7] [--port-base 8080] [--data .jumun]'],
    options: { ...running, days: text },
    async run(words, { days, ...options }) {
      const { archive } = await import('./archive.ts');
      await archive(words, days as string | undefined, options as RunningOptions);
    },
  },

  'dead-letters': {
    usage: [
      'dead-letters list [SERVICE] [--discarded] | show ID | replay ID | replay all [SERVICE]   [--data .jumun]',
      'dead-letters discard ID --reason TEXT [--successors]   [--data .jumun]',
    ],
    options: { ...data, reason: text, successors: flag, discarded: flag },
    async run(words, values) {
      const { deadLetters } = await import('./dead-letters.ts');
      await deadLetters(words, values);
    },
  },

  audit: {
    usage: ['audit [--order N]   [--port-base 8080] [--data .jumun]'],
    options: { ...running, order: text },
    async run(words, { order, ...options }) {
      if (words.length > 0) throw new UsageError(`audit takes no ${words[0]}`);
      const { audit, story } = await import('./audit.ts');
      if (order === undefined) await audit(options as RunningOptions);
      else await story(String(order), options as RunningOptions);
    },
  },

  sagas: {
    usage: ['sagas   [--port-base 8080] [--data .jumun]'],
    options: running,
    async run(words, options) {
      if (words.length > 0) throw new UsageError(`sagas takes no ${words[0]}`);
      const { sagas } = await import('./audit.ts');
      await sagas(options as RunningOptions);
    },
  },

  'log-groups': {
    usage: ['log-groups list | forget NAME   [--data .jumun]'],
    options: { ...data },
    async run(words, { data }) {
      const { logGroups } = await import('./log-groups.ts');
      await logGroups(words, { data } as Record<'data', string | undefined>);
    },
  },

  'change-log': {
    usage: ['change-log   [--data .jumun]'],
    options: data,
    async run(words, { data }) {
      const { changeLog } = await import('./change-log.ts');
      await changeLog(words, data as string | undefined);
    },
  },

  'rebuild-view': {
    usage: ['rebuild-view [--shuffle SEED] [--data .jumun]'],
    options: { ...data, shuffle: text },
    async run(words, { data, shuffle }) {
      const { rebuild } = await import('./rebuild-view.ts');
      await rebuild(words, { data, shuffle } as Record<'data' | 'shuffle', string | undefined>);
    },
  },

  reseed: {
    usage: ['reseed SERVICE   [--port-base 8080] [--data .jumun]'],
    options: running,
    async run(words, options) {
      const { reseed } = await import('./reseed.ts');
      await reseed(words, options as RunningOptions);
    },
  },

  backup: {
    usage: ['backup DIR [--data .jumun]'],
    options: data,
    async run(words, { data }) {
      const { backup } = await import('./backup.ts');
      await backup(words, data as string | undefined);
    },
  },

  restore: {
    usage: ['restore DIR [--data NEW]'],
    options: data,
    async run(words, { data }) {
      const { restore } = await import('./restore.ts');
      await restore(words, data as string | undefined);
    },
  },
};

/** How all commands are called. */
export function usage(): string {
  const lines = Object.values(commands).flatMap(command => command.usage);
  return lines.map((line, i) => `${i === 0 ? 'usage:' : '      '} jumun ${line}\n`).join('');
}
