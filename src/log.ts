import type { Writable } from 'node:stream';
import {
  type DestinationStream,
  destination,
  type Logger,
  type LoggerOptions,
  pino,
  stdSerializers,
} from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';

/** Names a line could carry by mistake; what is meant to be secret is a `Secret` and prints as such by itself. */
const redact = ['authorization', 'cookie', 'password', 'token', 'code', 'key', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
]);

const options: LoggerOptions = {
  base: null,
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  redact: { paths: redact, censor: '[secret]' },
  serializers: { err: serializeError },
};

/** Where lines go: a standard stream of the process, or one that stands for it. */
type LogTarget = Writable & { readonly fd?: number; readonly isTTY?: boolean };

/**
 * The log: JSON lines, or text when a person watches the terminal.
 * @param to where it goes; the command line keeps standard output for its result
 */
export function createLogger(level: Config['logLevel'], to: LogTarget): Logger {
  return pino({ ...options, level }, stream(to));
}

function stream(to: LogTarget): DestinationStream {
  const { fd, isTTY } = to;
  if (fd === undefined) return to;
  return isTTY
    ? pretty({ destination: fd, sync: true, ignore: 'pid,hostname' })
    : destination({ fd, sync: true });
}

/** What went wrong, without the fields that libraries hang on their errors: requests, headers, bound parameters. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return stdSerializers.err(new Error(String(error)));
  const { name, message, stack, cause } = error;
  return { type: name, message, stack, ...(cause === undefined ? {} : { cause: serializeError(cause) }) };
}
