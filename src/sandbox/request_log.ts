import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '../lib/json.ts';
import type { Outcome } from './deliver.ts';
import type { Fields } from './fields.ts';
import type { ParsedBody } from './request_body.ts';
import { sha256 } from './seed.ts';

/** Flags and numbers as they are; of anything that could hold a prompt only its kind, size and hash. */
export type FieldSummary =
  | boolean
  | number
  | null
  | { readonly type: string; readonly bytes: number; readonly sha256: string };

/** A request as the sandbox remembers it: never a whole key, never a word of a prompt. */
export interface ReceivedRequest {
  /** 1 for the first request since the start, and so on. */
  readonly number: number;
  /** When it arrived, in ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query_names: readonly string[];
  readonly header_names: readonly string[];
  /** Values of the headers that matter and are no secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly key_last4: string | null;
  /** The first 16 hex digits of the key's SHA-256. */
  readonly key_sha256: string | null;
  readonly body_bytes: number;
  readonly fields: Readonly<Record<string, FieldSummary>>;
  readonly model: string | null;
  readonly stream: boolean;
  /** `null` while it is open, and for a request that got no answer at all. */
  readonly status: number | null;
  /** The provider's own id of the request, as it is in the answer. */
  readonly request_id: string | null;
  /** Events or pieces of the answer's body that were sent. */
  readonly writes: number;
  /** What the provider would bill for it; 0 while it is open. */
  readonly billed_nano_usd: number;
  readonly outcome: Outcome | 'open';
}

/** Counts of all requests since the start, also of those that the log has forgotten. */
export interface Totals {
  readonly requests: number;
  readonly by_route: Readonly<Record<string, number>>;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_outcome: Readonly<Record<string, number>>;
  /** What the provider would bill in all, by the key's hash as it is remembered of a request. */
  readonly billed_nano_usd: Readonly<Record<string, number>>;
}

/** What is written down as a request goes on. */
export type Progress = { -readonly [Name in keyof ReceivedRequest]: ReceivedRequest[Name] };

export interface RequestLog {
  /** Counts a request the moment it arrives. */
  open(arrival: Arrival): Progress;
  /** Closes a request's entry and counts how it ended. */
  close(entry: Progress, outcome: Outcome): void;
  /** The latest requests, oldest first. Entries are copies. */
  received(): readonly ReceivedRequest[];
  totals(): Totals;
}

interface Arrival {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly queryNames: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly key: string | undefined;
  /** The route's name; not the path, of which there may be any number. */
  readonly route: string;
}

const headersOfInterest = [
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'idempotency-key',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'user-agent',
  'x-request-id',
  'x-stainless-retry-count',
];

const longestText = 200;
/** A key shorter than this would be half told by its last four characters. */
const shortestKeyWithLast4 = 16;

/** @param capacity how many requests are remembered; older ones are only counted */
export function createRequestLog(capacity: number): RequestLog {
  const entries: Progress[] = [];
  const byRoute = new Map<string, number>();
  const byStatus = new Map<string, number>();
  const byOutcome = new Map<string, number>();
  const billed = new Map<string, number>();
  let requests = 0;

  return {
    open(arrival) {
      const entry = firstEntry(arrival, requests + 1);
      entries[requests % capacity] = entry;
      requests += 1;
      increment(byRoute, arrival.route);
      return entry;
    },
    close(entry, outcome) {
      entry.outcome = outcome;
      increment(byStatus, String(entry.status ?? 'none'));
      increment(byOutcome, outcome);
      const { key_sha256: key, billed_nano_usd: amount } = entry;
      if (key !== null && amount > 0) increment(billed, key, amount);
    },
    received() {
      const oldest = requests > capacity ? requests % capacity : 0;
      return [...entries.slice(oldest), ...entries.slice(0, oldest)].map((entry) => ({ ...entry }));
    },
    totals() {
      return {
        requests,
        by_route: Object.fromEntries(byRoute),
        by_status: Object.fromEntries(byStatus),
        by_outcome: Object.fromEntries(byOutcome),
        billed_nano_usd: Object.fromEntries(billed),
      };
    },
  };
}

/** Names, sizes and hashes of what a body consists of. The options of a stream are spelled out. */
export function summarizeBody({ fields, files }: ParsedBody): Readonly<Record<string, FieldSummary>> {
  const { stream_options: options, ...others } = fields;
  const all: Fields = isObject(options)
    ? {
        ...others,
        ...Object.fromEntries(
          Object.entries(options).map(([name, value]) => [`stream_options.${name}`, value]),
        ),
      }
    : fields;
  return Object.fromEntries([
    ...Object.entries(all).map(([name, value]) => [clipped(name), summarize(value)] as const),
    ...files.map(
      (file) =>
        [
          clipped(file.field),
          { type: 'file', bytes: file.bytes.byteLength, sha256: file.sha256.slice(0, 16) },
        ] as const,
    ),
  ]);
}

function summarize(value: unknown): FieldSummary {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const type = Array.isArray(value) ? 'array' : typeof value;
  return { type, bytes: Buffer.byteLength(text), sha256: sha256(text).slice(0, 16) };
}

function firstEntry({ at, method, path, queryNames, headers, key }: Arrival, number: number): Progress {
  const values = headersOfInterest.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, clipped(value)] as const] : [];
  });
  return {
    number,
    at: at.toISOString(),
    method,
    path: clipped(path),
    query_names: queryNames.map(clipped),
    header_names: Object.keys(headers).sort(),
    headers: Object.fromEntries(values),
    key_last4: key !== undefined && key.length >= shortestKeyWithLast4 ? key.slice(-4) : null,
    key_sha256: key === undefined ? null : sha256(key).slice(0, 16),
    body_bytes: 0,
    fields: {},
    model: null,
    stream: false,
    status: null,
    request_id: null,
    writes: 0,
    billed_nano_usd: 0,
    outcome: 'open',
  };
}

function clipped(text: string): string {
  return text.slice(0, longestText);
}

function increment(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
