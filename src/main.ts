/** The process's edge: arguments, environment, signals, exit codes. Nothing else reads `process`. */
import { parseArgs } from 'node:util';

import { type App, createApp } from './app.ts';
import { type BudgetsCommand, runBudgetsCommand } from './commands/budgets-command.ts';
import { type LogLevelCommand, parseLogLevel, runLogLevelCommand } from './commands/log-level-command.ts';
import { type MovingCommand, runMovingCommand } from './commands/moving-command.ts';
import { checkConfig } from './config/check.ts';
import { ConfigError } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';
import { type OpenConfig, openConfig } from './config/open-config.ts';
import type { Config } from './config/schema.ts';
import { type LogSink, createLogger } from './telemetry/logger.ts';

const usage = `assistant-proxy: a sidecar for OpenAI traffic

  npm start                          serve
  npm start -- check --config FILE   validate a configuration without serving
  npm start -- budgets list          what is used, held and left of every budget
  npm start -- budgets show NAME     the same of one
  npm start -- budgets reset NAME    forget what was used in its current windows
      --scope team=search            only of this share
      --json                         for programs
  npm start -- inject                serve the webhook that puts sidecars into pods of Kubernetes
  npm start -- log-level [LEVEL]     what is logged, or changes that without a restart; configured ends that
      --for 10m                      for this long, up to 24h (15m)
  npm start -- import FILE...        take assistants and threads from JSON files into the store; - is standard input
      --org NAME                     of this organisation, in place of identity.org
  npm start -- export                write all assistants as JSON lines, which import reads
      --thread ID                    and this thread with its messages; may be repeated
      --out FILE                     to a file
      --org NAME                     of this organisation, in place of identity.org

ASSISTANT_PROXY_CONFIG names the configuration file; --config FILE does the same.
`;

const standardOutput = 1;
const standardError = 2;

process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n\n${usage}`);
    return 2;
  }
  const { command, file, help } = parsed;
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  if (command === 'check') {
    const { valid, report } = checkConfig({ file, env: process.env });
    process.stdout.write(report);
    return valid ? 0 : 1;
  }
  try {
    if (command === 'budgets') {
      const config = loadConfig({ file, env: process.env });
      const isReset = parsed.budgets!.action === 'reset';
      const sink = isReset ? openLog({ ...config.telemetry, logLevel: 'silent' }, standardError) : undefined;
      const { exitCode, output } = await runBudgetsCommand(parsed.budgets!, config, sink?.audit);
      await sink?.close();
      process.stdout.write(output);
      return exitCode;
    }
    if (parsed.logLevel) {
      const config = loadConfig({ file, env: process.env });
      const { exitCode, output } = runLogLevelCommand(parsed.logLevel, config, Date.now());
      process.stdout.write(output);
      return exitCode;
    }
    if (parsed.moving) {
      return await runMovingCommand(parsed.moving, loadConfig({ file, env: process.env }), {
        out: (text) => void process.stdout.write(text),
        err: (text) => void process.stderr.write(text),
        isTerminal: process.stderr.isTTY,
      });
    }
    if (command === 'inject') {
      return await inject(loadConfig({ file, env: process.env, needsKey: false }));
    }
    return await serve(openConfig({ file, env: process.env }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

interface Arguments {
  readonly command: 'serve' | 'check' | 'inject' | 'budgets' | 'log-level' | 'import' | 'export';
  readonly file: string | undefined;
  readonly help: boolean;
  /** Of the command `budgets`. */
  readonly budgets?: BudgetsCommand;
  readonly logLevel?: LogLevelCommand;
  /** Of the commands `import` and `export`. */
  readonly moving?: MovingCommand;
}

/** A text says what is wrong. */
function parse(args: string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        scope: { type: 'string' },
        json: { type: 'boolean' },
        org: { type: 'string' },
        out: { type: 'string' },
        for: { type: 'string' },
        thread: { type: 'string', multiple: true },
      },
    });
    const [command = 'serve', ...rest] = positionals;
    const given = { file: values.config, help: values.help ?? false };
    if (command === 'budgets') {
      const budgets = parseBudgets(rest, values);
      return typeof budgets === 'string' ? budgets : { ...given, command, budgets };
    }
    if (command === 'log-level') {
      const logLevel = parseLogLevel(rest, values);
      return typeof logLevel === 'string' ? logLevel : { ...given, command, logLevel };
    }
    if (command === 'import' || command === 'export') {
      const isImport = command === 'import';
      if (isImport === (rest.length === 0)) return isImport ? 'import needs a file' : 'too many arguments';
      const { org, out, thread: threadIds = [] } = values;
      return { ...given, command, moving: { action: command, org, files: rest, out, threadIds } };
    }
    if (command === 'serve' || command === 'check' || command === 'inject') {
      if (rest.length === 0) return { ...given, command };
    }
    return `unknown command: ${positionals.join(' ')}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function parseBudgets(
  [action = 'list', name = '', ...rest]: readonly string[],
  { scope, json }: { scope?: string | undefined; json?: boolean | undefined },
): BudgetsCommand | string {
  if (action !== 'list' && action !== 'show' && action !== 'reset') return `unknown: budgets ${action}`;
  if (rest.length > 0 || (action === 'list' && name !== '')) return 'too many arguments';
  if (action !== 'list' && name === '') return `budgets ${action} needs the name of a budget`;
  return { action, name, scope, json: json ?? false };
}

function openLog(
  { logLevel, auditFile }: Pick<Config['telemetry'], 'logLevel' | 'auditFile'>,
  fileDescriptor: number,
): LogSink {
  try {
    return createLogger(logLevel, fileDescriptor, auditFile);
  } catch (error) {
    throw new ConfigError([{ path: 'telemetry.auditFile', message: (error as Error).message }]);
  }
}

/** Serves until a signal asks it to stop. */
async function serve(open: OpenConfig): Promise<number> {
  const logSink = openLog(open.config.telemetry, standardOutput);
  const { log } = logSink;
  const stopped = untilStopped();
  let app: App | undefined;
  try {
    app = await createApp(open, logSink);
    log.info(await app.listen(), 'listening');
  } catch (error) {
    log.fatal({ reason: (error as Error).message }, 'could not start');
    if (app) await app.shutDown();
    else await logSink.close();
    return 1;
  }
  const signal = await stopped;
  log.info({ signal }, 'draining');
  const whole = await app.shutDown();
  return whole ? 0 : 1;
}

/** Serves the admission webhook until a signal asks it to stop. A sidecar does not load what it needs. */
async function inject(config: Config): Promise<number> {
  const { createInjector } = await import('./injector/injector.ts');
  const logSink = createLogger(config.telemetry.logLevel, standardOutput);
  const { log } = logSink;
  const stopped = untilStopped();
  const injector = createInjector(config, logSink);
  try {
    log.info(await injector.listen(), 'listening');
  } catch (error) {
    log.fatal({ reason: (error as Error).message }, 'could not start');
    await injector.shutDown();
    return 1;
  }
  log.info({ signal: await stopped }, 'draining');
  await injector.shutDown();
  return 0;
}

function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((stop) => {
    // A SIGTERM that is repeated must not cut what is draining; a second Ctrl-C may.
    process.on('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
}
