// Nothing may be imported before this: an old Node would fail at what it does not know, in its own words.
const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && (minor < 18 || (minor === 18 && patch < 1)))) {
  process.stderr.write(
    `jumun: Node ${process.versions.node} is too old; it needs 20.18.1 or newer (https://nodejs.org)\n`,
  );
  process.exit(1);
}

const USAGE = `usage: jumun start [--only order,pay] [--port-base 8080] [--data .jumun]
       jumun dead-letters list | show ID | replay ID | discard ID --reason TEXT   [--data .jumun]
`;

try {
  const { parseArgs } = await import('node:util');
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      'port-base': { type: 'string' },
      data: { type: 'string' },
      reason: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (command === 'start' && rest.length === 0) {
    const { planStart } = await import('./options.ts');
    const plan = planStart({ only: values.only, portBase: values['port-base'], data: values.data });
    const { start } = await import('./start.ts');
    await start(plan);
  } else if (command === 'dead-letters') {
    const { deadLetters } = await import('./dead-letters.ts');
    await deadLetters(rest, { data: values.data, reason: values.reason });
  } else {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  // One clear line, whatever it was; the stack is for those who ask.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`jumun: ${message.split('\n')[0]}\n`);
  if (process.env.JUMUN_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  const wrongUse = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  if (wrongUse) process.stderr.write(USAGE);
  process.exit(wrongUse ? 2 : 1);
}

export {};
