// Nothing may be imported before this: an old Node would fail at what it does not know, in its own words.
const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && (minor < 19 || (minor === 19 && patch < 4)))) {
  process.stderr.write(
    `jumun: Node ${process.versions.node} is too old; it needs 20.19.4 or newer (https://nodejs.org)\n`,
  );
  process.exit(1);
}

const { parseArgs } = await import('node:util');
const { commands, usage } = await import('./commands/index.ts');
const { UsageError } = await import('./commands/usage-error.ts');

try {
  const [name = '', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  // Where nobody reads any more (jumun … | head), a command is through; start goes on.
  if (name !== 'start') process.stdout.on('error', () => process.exit());
  const help = { help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({
    args: command ? args : [name, ...args],
    allowPositionals: true,
    options: { ...command?.options, ...help },
  });
  if (values.help) process.stdout.write(usage());
  else if (command) await command.run(positionals, values);
  else throw new UsageError(name ? `there is no command ${name}` : 'which command?');
} catch (error) {
  // One clear line, whatever it was; the stack is for those who ask.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`jumun: ${message.split('\n')[0]}\n`);
  if (process.env.JUMUN_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  const wrongUse =
    error instanceof UsageError || String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  if (wrongUse) process.stderr.write(usage());
  process.exit(wrongUse ? 2 : 1);
}

export {};
