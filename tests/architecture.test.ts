import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The rules that keep the services apart and their cores pure. Each rule is a function from the sources (path → text)
 * to the violations in them, and is shown to find a planted one.
 */
type Files = Record<string, string>;
type Rule = (files: Files) => string[];

const services = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter'];

/** The pure core of each service: its aggregate, its view, or its texts. */
const cores: Record<string, string> = {
  order: 'order.ts',
  product: 'product.ts',
  pay: 'pay.ts',
  delivery: 'delivery.ts',
  customercenter: 'view.ts',
  notice: 'texts.ts',
};
const isCore = (path: string) =>
  Object.entries(cores).some(([service, file]) => path === `services/${service}/src/${file}`);

const isSource = (path: string) => /^(packages|services|apps)\/[^/]+\/src\/.*\.tsx?$/.test(path);

/** `services/order`, the part of the workspace that a file belongs to. */
const partOf = (path: string) => path.split('/').slice(0, 2).join('/');

/** The text without comments, line for line; what stands in quotes stays. */
function code(text: string): string {
  const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(tokens, token => (token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token));
}

/** The string and template literals of a source. */
function literals(text: string): string[] {
  return code(text).match(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g) ?? [];
}

/** The text without comments, and with its literals empty: what is said about names is not use of them. */
function bare(text: string): string {
  return code(text).replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''");
}

/** What a source imports, in any of the ways there are. */
function imports(text: string): string[] {
  const found = code(text).matchAll(
    /\b(?:(?:from|import)\s+|(?:import|require)\s*\(\s*|new URL\(\s*(?=['"][^'"\n]+\.ts['"]))(['"`])([^'"`\n]+)\1/g,
  );
  return [...found].map(match => match[2] ?? '');
}

/** Where a relative import leads, as a path of the workspace; others as they are. */
function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? new URL(specifier, `file:///${from}`).pathname.slice(1) : specifier;
}

/** The part of the workspace that an import leads to, if any. */
function target(from: string, specifier: string): string | undefined {
  const path = resolve(from, specifier);
  const [, name] = /^@jumun\/([^/]+)/.exec(path) ?? [];
  if (!name) return /^(packages|services|apps|tests)\//.test(path) ? partOf(path) : undefined;
  if (services.includes(name)) return `services/${name}`;
  return ['contracts', 'messaging', 'service-kit'].includes(name) ? `packages/${name}` : `apps/${name}`;
}

/** A rule about each import of some sources. */
function importRule(
  applies: (path: string) => boolean,
  wrong: (path: string, specifier: string) => boolean,
): Rule {
  return files =>
    Object.entries(files).flatMap(([path, text]) =>
      applies(path)
        ? imports(text)
            .filter(specifier => wrong(path, specifier))
            .map(specifier => `${path} imports ${specifier}`)
        : [],
    );
}

/** A rule that some sources do not have some words, outside of comments (and literals). */
function wordRule(applies: (path: string) => boolean, words: RegExp, read = bare): Rule {
  return files =>
    Object.entries(files).flatMap(([path, text]) => {
      if (!applies(path)) return [];
      const [found] = words.exec(read(text)) ?? [];
      return found === undefined ? [] : [`${path} has ${found.trim()}`];
    });
}

/** SQL is written down where rows are kept, and nowhere else. */
const SQL_PLACES =
  /\/(store|evidence)\.ts$|\/store\/|\/migrations\/|^packages\/messaging\/|^packages\/service-kit\/src\/(database|migrate|page|story)\.ts$|^apps\/jumun\/src\/(postgres\/|embedded\.ts$)/;
const SQL =
  /\bSELECT\s+[\w*("']|\bINSERT\s+INTO\s|\bUPDATE\s+[\w$"{}]+(\s+\w+)?\s+SET\s|\bDELETE\s+FROM\s|\b(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE|ROLE)\s/;

/** The only state that a module may keep for the whole process, each with its reason. */
const moduleState: Record<string, string> = {
  'packages/service-kit/src/trace.ts pool':
    'random digits read ahead, since a system call for each span is slow',
};

const KAFKA = /kafka/i;
const logged = /\b(payload|body|authorization|password|token|headers|rawBody)\b/i;

/** The arguments of each call of a logger. */
function logCalls(text: string): string[] {
  const source = bare(text);
  const calls: string[] = [];
  for (const match of source.matchAll(
    /\b(?:log|logger)\s*\.\s*(?:trace|debug|info|warn|error|fatal)\s*\(/g,
  )) {
    let depth = 1;
    let end = match.index + match[0].length;
    while (depth > 0 && end < source.length) {
      if (source[end] === '(') depth++;
      if (source[end] === ')') depth--;
      end++;
    }
    calls.push(source.slice(match.index + match[0].length, end - 1));
  }
  return calls;
}

const rules: Record<string, { rule: Rule; planted: [path: string, text: string][] }> = {
  'contracts import nothing but typebox': {
    rule: importRule(
      path => path.startsWith('packages/contracts/src/'),
      (path, specifier) =>
        !/^typebox(\/|$)/.test(specifier) && target(path, specifier) !== 'packages/contracts',
    ),
    planted: [
      ['packages/contracts/src/events.ts', `import { z } from 'zod';`],
      ['packages/contracts/src/events.ts', `import type { Tx } from '@jumun/service-kit';`],
      ['packages/contracts/src/events.ts', `import { Tx } from '../../service-kit/src/database.ts';`],
    ],
  },

  'the core of a service imports nothing but contracts': {
    rule: importRule(isCore, (_, specifier) => specifier !== '@jumun/contracts'),
    planted: [
      ['services/order/src/order.ts', `import { randomUUID } from 'node:crypto';`],
      ['services/customercenter/src/view.ts', `export * from './store.ts';`],
      ['services/pay/src/pay.ts', `const kit = await import('@jumun/service-kit');`],
    ],
  },

  'services do not import services': {
    rule: importRule(
      path => path.startsWith('services/'),
      (path, specifier) => {
        const to = target(path, specifier);
        return Boolean(to?.startsWith('services/')) && to !== partOf(path);
      },
    ),
    planted: [
      ['services/order/src/peers.ts', `import { pay } from '@jumun/pay';`],
      ['services/order/src/peers.ts', `import type { Pay } from '../../pay/src/pay.ts';`],
      ['services/order/test/store.test.ts', `const { pay } = await import('@jumun/pay');`],
    ],
  },

  'services do not import apps': {
    rule: importRule(
      path => path.startsWith('services/') && isSource(path),
      (path, specifier) => /^(apps|tests)\//.test(target(path, specifier) ?? ''),
    ),
    planted: [
      ['services/order/src/main.ts', `import { start } from '../../../apps/jumun/src/start.ts';`],
      ['services/order/src/main.ts', `import { freshDatabase } from '../../../tests/support/database.ts';`],
    ],
  },

  'packages import neither services nor apps': {
    rule: importRule(
      path => path.startsWith('packages/') && isSource(path),
      (path, specifier) => /^(services|apps|tests)\//.test(target(path, specifier) ?? ''),
    ),
    planted: [
      ['packages/messaging/src/relay.ts', `import { order } from '@jumun/order';`],
      ['packages/service-kit/src/app.ts', `export { x } from '../../../apps/gateway/src/main.ts';`],
    ],
  },

  'service-kit knows nothing of messaging': {
    rule: importRule(
      path => path.startsWith('packages/service-kit/src/'),
      (path, specifier) => target(path, specifier) === 'packages/messaging',
    ),
    planted: [['packages/service-kit/src/app.ts', `import { on } from '@jumun/messaging';`]],
  },

  'only the Kafka transport knows a Kafka client': {
    rule: importRule(
      path => isSource(path) && !/^packages\/messaging\/src\/transports\/kafka(\.ts$|\/)/.test(path),
      // Our own transport may be named by whoever chooses it.
      (path, specifier) => KAFKA.test(specifier) && target(path, specifier) !== 'packages/messaging',
    ),
    planted: [
      ['packages/messaging/src/relay.ts', `import { Producer } from '@platformatic/kafka';`],
      ['services/order/src/main.ts', `const { Kafka } = require('kafkajs');`],
    ],
  },

  'only the launcher knows how traces are exported': {
    rule: importRule(
      path => isSource(path) && path !== 'apps/jumun/src/tracing-sdk.ts',
      (_, specifier) => /^@opentelemetry\/(?!api$)/.test(specifier),
    ),
    planted: [
      ['services/order/src/main.ts', `import { resourceFromAttributes } from '@opentelemetry/resources';`],
      ['packages/service-kit/src/spans.ts', `import { Span } from '@opentelemetry/sdk-trace-base';`],
    ],
  },

  'only the relay and the consumer meet the log': {
    rule: importRule(
      path => path.startsWith('services/') && isSource(path),
      (path, specifier) =>
        target(path, specifier) === 'packages/messaging' && specifier !== '@jumun/messaging',
    ),
    planted: [
      ['services/order/src/main.ts', `import { openPostgresTransport } from '@jumun/messaging/postgres';`],
    ],
  },

  'SQL stands where rows are kept': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) =>
        isSource(path) && !SQL_PLACES.test(path)
          ? literals(text)
              .filter(literal => SQL.test(literal))
              .map(literal => `${path} has ${literal.slice(0, 40)}`)
          : [],
      ),
    planted: [
      ['services/order/src/routes.ts', "db.query('SELECT * FROM orders')"],
      ['services/order/src/routes.ts', 'db.query(`\n  INSERT INTO orders (id) VALUES ($1)`)'],
      ['services/pay/src/charging.ts', "db.query('UPDATE pay SET status = $1')"],
      ['services/pay/src/charging.ts', 'db.query(`UPDATE pay p SET status = $1`)'],
      ['apps/jumun/src/start.ts', 'db.query("DELETE FROM inbox")'],
      ['packages/service-kit/src/health.ts', "db.query('SELECT 1')"],
    ],
  },

  'the core of a service has no clock, no chance and no I/O': {
    rule: wordRule(
      isCore,
      /\bDate\.now\b|\bnew Date\(|\bperformance\b|\bMath\.random\b|\brandomUUID\b|\bcrypto\b|\bprocess\b|\bfetch\(|\bset(Timeout|Interval|Immediate)\b|\bawait\b|\basync\b|\bPromise\b/,
    ),
    planted: [
      ['services/order/src/order.ts', 'const at = Date.now();'],
      ['services/order/src/order.ts', 'const at = new Date();'],
      ['services/product/src/product.ts', 'const id = Math.random();'],
      ['services/pay/src/pay.ts', 'const key = crypto.randomUUID();'],
      ['services/delivery/src/delivery.ts', 'const { env } = process;'],
      ['services/customercenter/src/view.ts', 'fetch(url)'],
      ['services/notice/src/texts.ts', 'export async function text() {}'],
      ['services/order/src/order.ts', 'const x = await y;'],
    ],
  },

  'there are no decorators': {
    rule: wordRule(
      isSource,
      /^\s*@\w+(\([^)]*\))?\s*(export|class|async|public|private|readonly|\w+\s*[(:;=]|$)/m,
    ),
    planted: [
      ['services/order/src/main.ts', '@Injectable()\nexport class Orders {}'],
      ['services/order/src/main.ts', 'class A {\n  @Inject() db: Database;\n}'],
    ],
  },

  'modules keep no state': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) =>
        isSource(path)
          ? [...bare(text).matchAll(/^(?:export )?(?:let|var) (\w+)/gm)]
              .map(match => `${path} ${match[1]}`)
              .filter(variable => !(variable in moduleState))
          : [],
      ),
    planted: [
      ['services/order/src/placing.ts', 'let count = 0;'],
      ['packages/service-kit/src/trace.ts', 'export let other = 0;'],
      ['services/order/src/placing.ts', 'var count = 0;'],
    ],
  },

  'only the launcher reads the environment': {
    rule: wordRule(
      path =>
        isSource(path) && !path.startsWith('apps/jumun/') && path !== 'packages/service-kit/src/config.ts',
      /\bprocess\s*\??\.\s*env\b|\benv\b[^;\n]*\bfrom\s*''/,
    ),
    planted: [
      ['services/order/src/main.ts', 'const port = process.env.PORT;'],
      ['apps/web/src/main.ts', "import { env } from 'node:process';"],
    ],
  },

  'there is no console': {
    rule: wordRule(isSource, /\bconsole\s*\.\s*\w+/),
    planted: [['apps/web/src/main.ts', "console.log('started');"]],
  },

  'logs carry no payloads and no secrets': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) =>
        isSource(path)
          ? logCalls(text)
              .filter(call => logged.test(call))
              .map(call => `${path} logs ${logged.exec(call)?.[0]}`)
          : [],
      ),
    planted: [
      ['services/order/src/routes.ts', "log.info({ body: request.body }, 'request');"],
      [
        'packages/messaging/src/consumer.ts',
        "log.error(\n  { event: record.type, payload },\n  'failed',\n);",
      ],
      ['services/pay/src/main.ts', "request.log.debug({ a: f(x), authorization: y }, 'charge');"],
    ],
  },

  'tracked files name no package registry': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) => {
        const [found] = /"resolved":\s*"https?:|^\s*registry\s*=/im.exec(text) ?? [];
        return found && path !== SELF ? [`${path} names ${found.trim()}`] : [];
      }),
    planted: [
      ['package-lock.json', '{"resolved": "https://packages.example.com/pg-8.23.1.tgz"}'],
      ['.npmrc', 'registry=https://npm.example.com/'],
    ],
  },

  'tracked files have no paths of one machine': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) => {
        const [found] = /(?<![\w.:/-])\/(?!mnt\/aws\b)(home|Users|root|work|mnt)\/[\w.-]+/.exec(text) ?? [];
        return found && path !== SELF ? [`${path} names ${found}`] : [];
      }),
    planted: [
      ['README.md', 'Run it in /home/alice/jumun.'],
      ['tests/bench/main.ts', "const data = '/home/bob/data';"],
    ],
  },

  'a migration takes nothing from the version before it, unless it is a contract': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) => {
        if (!/migrations\/[^/]+\.sql$/.test(path) || path.endsWith('.contract.sql')) return [];
        const sql = text.replace(/--[^\n]*/g, '');
        const taking =
          /\b(DROP\s+(TABLE|COLUMN|VIEW|FUNCTION|TYPE)|RENAME|TRUNCATE|SET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE)\b/i;
        const [found] = taking.exec(sql) ?? /ADD\s+COLUMN(?![^,;]*DEFAULT)[^,;]*NOT\s+NULL/i.exec(sql) ?? [];
        return found ? [`${path} has ${found}`] : [];
      }),
    planted: [
      ['services/pay/migrations/900-less.sql', 'ALTER TABLE pay DROP COLUMN amount;'],
      ['services/pay/migrations/900-other.sql', 'ALTER TABLE pay RENAME COLUMN amount TO price;'],
      ['services/pay/migrations/900-more.sql', 'ALTER TABLE pay ADD COLUMN note text NOT NULL;'],
      ['services/pay/migrations/900-wider.sql', 'ALTER TABLE pay ALTER COLUMN amount TYPE numeric;'],
    ],
  },

  'every service has the same flat files': {
    rule: files =>
      services.flatMap(service => {
        const needed = ['main.ts', 'routes.ts', 'store.ts', 'subscriptions.ts', cores[service] ?? ''];
        const missing = needed
          .map(file => `services/${service}/src/${file}`)
          .filter(path => !(path in files))
          .map(path => `${path} is missing`);
        const migrated = Object.keys(files).some(path => path.startsWith(`services/${service}/migrations/`));
        const unknown = Object.keys(files)
          .filter(path => path.startsWith(`services/${service}/src/`) && path.split('/').length > 4)
          .filter(path => !nested.has(path.split('/').slice(0, 4).join('/')))
          .map(path => `${path} is not flat`);
        return [...missing, ...(migrated ? [] : [`services/${service}/migrations is missing`]), ...unknown];
      }),
    planted: [['services/order/src/domain/order.ts', '']],
  },

  'every package that is imported is declared': {
    rule: files =>
      Object.entries(files).flatMap(([path, text]) => {
        if (!isSource(path)) return [];
        const manifest = JSON.parse(files[`${partOf(path)}/package.json`] ?? '{}');
        // Types are gone at run time.
        const atRunTime = code(text).replace(/\b(import|export) type [^;]*? from '[^']*'/g, '');
        return imports(atRunTime)
          .filter(specifier => !/^(\.|node:)/.test(specifier))
          .map(specifier =>
            specifier
              .split('/')
              .slice(0, specifier.startsWith('@') ? 2 : 1)
              .join('/'),
          )
          .filter(name => !(name in { ...manifest.dependencies, ...manifest.optionalDependencies }))
          .map(name => `${path} imports ${name}, which ${partOf(path)} does not declare`);
      }),
    planted: [['services/order/src/main.ts', `import pg from 'pg';`]],
  },
};

/** Folders below a service's sources that have a reason to be there. */
const nested = new Set([
  'services/pay/src/sandbox',
  'services/customercenter/src/audit',
  'services/customercenter/src/live',
]);

const SELF = 'tests/architecture.test.ts';

/** Every file of the workspace that is or could be tracked, without what is installed or made. */
async function readWorkspace(): Promise<Files> {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const skipped = new Set([
    'node_modules',
    '.git',
    '.jumun',
    '.kafka',
    '.jumun-kafka',
    '.k8s',
    'coverage',
    'dist',
  ]);
  const files: Files = {};
  async function walk(folder: string): Promise<void> {
    const entries = await readdir(root + folder, { withFileTypes: true });
    for (const entry of entries) {
      if (skipped.has(entry.name) || entry.name.endsWith('.log')) continue;
      const path = folder + entry.name;
      if (entry.isDirectory()) await walk(`${path}/`);
      else if (entry.isFile()) files[path] = await readFile(root + path, 'utf8');
    }
  }
  await walk('');
  return files;
}

const workspace = await readWorkspace();

describe.each(Object.entries(rules))('%s', (_, { rule, planted }) => {
  test('holds', () => {
    expect(rule(workspace)).toEqual([]);
  });

  for (const [path, text] of planted) {
    test(`is broken by ${JSON.stringify(text)} in ${path}`, () => {
      const broken = { ...workspace, [path]: `${workspace[path] ?? ''}\n${text}\n` };
      expect(rule(broken).length).toBeGreaterThan(rule(workspace).length);
    });
  }
});

test('every service loses its place where one of its files is missing', () => {
  const { rule } = rules['every service has the same flat files'] ?? { rule: () => [] };
  for (const file of ['main.ts', 'routes.ts', 'store.ts', 'subscriptions.ts']) {
    const { [`services/pay/src/${file}`]: _, ...rest } = workspace;
    expect(rule(rest)).toContain(`services/pay/src/${file} is missing`);
  }
});

test('the sources are read: each part of the workspace has some', () => {
  for (const part of [
    ...services.map(service => `services/${service}`),
    'packages/messaging',
    'apps/gateway',
  ]) {
    expect(Object.keys(workspace).filter(path => path.startsWith(`${part}/src/`)).length).toBeGreaterThan(0);
  }
  expect(Object.keys(workspace).filter(isCore)).toHaveLength(services.length);
});

describe('the reading of sources', () => {
  test('leaves comments out, and takes strings as they are', () => {
    expect(code(`a // SELECT 1\n/* let x */ b 'http://c'`)).toMatch(/^a +\n +b 'http:\/\/c'$/);
    expect(bare(`const a = 'process.env.X'; // console.log`)).not.toMatch(/process|console/);
  });

  test('finds imports of every kind', () => {
    const text = [
      `import a from 'a';`,
      `import type { B } from "b";`,
      `import {\n  c,\n} from 'c';`,
      `export * from './d.ts';`,
      `import 'e';`,
      `const f = await import('f');`,
      `require('g')`,
      `new Worker(new URL('./h.ts', import.meta.url))`,
      `// import i from 'i';`,
    ].join('\n');
    expect(imports(text)).toEqual(['a', 'b', 'c', './d.ts', 'e', 'f', 'g', './h.ts']);
  });
});

test('every exception to a rule is still needed', () => {
  for (const folder of nested) {
    expect(
      Object.keys(workspace).some(path => path.startsWith(`${folder}/`)),
      folder,
    ).toBe(true);
  }
  for (const place of Object.keys(moduleState)) {
    const [path = '', name] = place.split(' ');
    expect(bare(workspace[path] ?? ''), `${place} is not there any more`).toMatch(
      new RegExp(`^let ${name}\\b`, 'm'),
    );
  }
});
