import type { SocketMatch } from '../catalog/match_socket.ts';
import type { Provider } from '../catalog/provider.ts';
import type { SocketRoute, SocketWork } from '../catalog/socket.ts';
import type { Deps } from '../deps.ts';
import { neverSent } from '../ledger/never_sent.ts';
import { newId } from '../lib/ids.ts';
import { at, type JsonObject, parseJson } from '../lib/json.ts';
import type { CallOutcome } from '../store/records.ts';
import { type Admission, type AdmitDeps, admit } from './admit.ts';
import { AppGone } from './app_gone.ts';
import type { Caller } from './authenticate.ts';
import { createMeter, type Meter } from './meter.ts';
import type { Moderator } from './moderate.ts';
import { createObjectRecord, type ObjectRecord } from './object_record.ts';
import { Refusal } from './refusal.ts';

export type SocketWorkDeps = AdmitDeps & Pick<Deps, 'clock' | 'store'> & { readonly moderator: Moderator };

/** Who works over a socket, and what it is for. */
export interface SocketUse {
  readonly provider: Provider;
  readonly caller: Caller;
  readonly match: SocketMatch;
}

/** One piece of work: a call. */
export interface SocketCall {
  readonly admission: Admission;
  readonly meter: Meter;
  readonly record: ObjectRecord;
  /** From now on it can cost something. */
  hasBegun: boolean;
  /** The provider has begun to answer it. */
  hasAnswer: boolean;
}

/** The calls that go on over one socket. */
export interface WorkUnderWay {
  /** The longest answer that the session may give now, in tokens; null for whatever the model gives. */
  readonly bound: number | null;
  /** Whether anything is under way that can cost something. */
  readonly isBusy: boolean;
  /** Whether there is work that what an app hands in can be for. */
  readonly isWanted: boolean;
  /** Admits a piece that a frame asks for. @returns the rest of the frame, as it may go on, in JSON. @throws Refusal */
  ask(work: SocketWork, body: JsonObject): Promise<string>;
  /** Admits ahead what a session makes possible, before the provider hears of it. @throws Refusal */
  prepare(frame: JsonObject): Promise<void>;
  /** Notes what of either side may begin work. */
  note(type: string): void;
  /**
   * Puts on record what an event of the provider tells of, before the app sees it.
   * @returns null when there is nothing to put on record
   */
  record(event: JsonObject): Promise<unknown> | null;
  /** Takes down what an event of the provider reports, and settles the work that it ends. */
  read(event: JsonObject, type: string): void;
  /** Admits ahead what the provider may begin next. @throws Refusal */
  renew(): Promise<void>;
  /** Settles whatever there is, because the socket ends. */
  close(outcome: CallOutcome): void;
}

/**
 * The call that opens a socket: the work that the provider may begin by itself right away, or else nothing that costs.
 * It has to be admitted before there is a socket, because the key comes with it.
 */
export async function admitOpening(
  deps: SocketWorkDeps,
  { provider, caller, match }: SocketUse,
  callId: string,
): Promise<Admission> {
  const work = openingWork(match.route);
  return admit(deps, {
    callId,
    provider,
    caller,
    match: {
      route: work?.route ?? plainOpening(match.route),
      path: match.target,
      model: null,
      objects: [],
    },
    body: work ? bodyOf({ model: match.model }) : null,
    // There is nothing yet that it would have to be asked about.
    judge: (admission) => deps.moderator.judge(admission, () => {}),
  });
}

function openingWork({ work }: SocketRoute): SocketWork | undefined {
  return work.find(({ trigger }) => trigger.kind === 'standing' && trigger.from === null);
}

function plainOpening({ path, scope, work }: SocketRoute): Admission['match']['route'] {
  const answer = { types: [], json: 'held', endings: null } as const;
  const content = work.some(({ trigger }) => trigger.kind === 'asked') ? 'none' : 'elsewhere';
  return { method: 'WS', path, scope, body: { kind: 'none' }, content, answer, usage: null };
}

/**
 * Work over a socket that was opened by an admitted call.
 * @param opening settled here, now or when what it stands for is done
 */
export function createWork(deps: SocketWorkDeps, use: SocketUse, opening: SocketCall): WorkUnderWay {
  const { ledger, clock } = deps;
  const { provider, match } = use;
  // The proof that came with the token opened the socket; it is used up.
  const caller = { ...use.caller, proof: null };
  const { credential, payer } = opening.admission;
  const works = match.route.work;
  const calls = new Map<SocketWork, SocketCall>();
  /** Models by which the provider may begin work by itself; null where it chooses. */
  const models = new Map<SocketWork, string | null>();
  let isClosed = false;
  let stopJudging = () => {};
  let bound: number | null = null;

  const first = openingWork(match.route);
  if (first) {
    calls.set(first, opening);
    models.set(first, match.model);
    bound = boundOf(opening);
  } else {
    opening.meter.settle('answered');
  }

  const admitOne = async (work: SocketWork, body: JsonObject): Promise<SocketCall> => {
    const callId = newId('call', clock());
    const { route } = work;
    const admission = await admit(deps, {
      callId,
      provider,
      caller,
      match: { route, path: route.path, model: null, objects: [] },
      body: bodyOf(body),
      judge: (admission) =>
        deps.moderator.judge(admission, (end) => {
          stopJudging = end;
          if (isClosed) end();
        }),
    });
    const { id, version } = admission.credential;
    if (isClosed || id !== credential.id || version !== credential.version) {
      ledger.settle(neverSent(callId, admission.flags));
      if (isClosed) throw new AppGone();
      throw admission.payer === payer ? keyReplaced() : usedUp();
    }
    const call = startCall(deps, admission);
    const replaced = calls.get(work);
    if (replaced) settle(work, replaced, replaced.hasBegun ? 'cut' : 'not_sent');
    calls.set(work, call);
    if (work === first) bound = boundOf(call);
    return call;
  };

  const begin = (call: SocketCall) => {
    call.hasBegun = true;
    call.meter.sent();
  };

  const settle = (work: SocketWork, call: SocketCall, outcome: CallOutcome) => {
    calls.delete(work);
    call.meter.settle(outcome);
  };

  /** Has the provider work with another model from now on, or not any more. */
  const switchTo = async (work: SocketWork, model: string | null | undefined) => {
    const before = calls.get(work);
    if (before && model === models.get(work)) return;
    if (before?.hasBegun) throw underWay();
    if (model !== undefined) {
      await admitOne(work, { model });
      models.set(work, model);
      return;
    }
    models.delete(work);
    if (before) settle(work, before, 'not_sent');
  };

  return {
    get bound() {
      return bound;
    },

    get isBusy() {
      return [...calls.values()].some(({ hasBegun }) => hasBegun);
    },

    get isWanted() {
      return models.size > 0;
    },

    async ask(work, body) {
      if (calls.has(work)) throw underWay();
      const { admission } = await admitOne(work, body);
      return textOf(admission);
    },

    async prepare(frame) {
      for (const work of works) {
        const from = work.trigger.kind === 'standing' ? work.trigger.from : null;
        const wanted = from === null ? undefined : at(frame, from);
        if (wanted === undefined) continue;
        const named = at(wanted, ['model']);
        const model = typeof named === 'string' ? named : (models.get(work) ?? null);
        await switchTo(work, wanted === null ? undefined : model);
      }
    },

    note(type) {
      for (const [work, call] of calls) if (work.begins.includes(type)) begin(call);
    },

    record(event) {
      const recordings = [...calls.values()]
        .map(({ record }) => record([event]))
        .filter((one) => one !== null);
      return recordings.length === 0 ? null : Promise.all(recordings);
    },

    read(event, type) {
      for (const [work, call] of calls) {
        if (!work.ends.includes(type)) {
          call.hasAnswer ||= call.hasBegun;
          continue;
        }
        begin(call);
        const isError = type === 'error';
        call.meter.answered(isError ? statusOf(event) : 200, null);
        call.meter.read(event);
        settle(work, call, isError && call.hasAnswer ? 'cut' : 'answered');
      }
    },

    async renew() {
      for (const [work, model] of models) if (!calls.has(work)) await admitOne(work, { model });
    },

    close(outcome) {
      isClosed = true;
      stopJudging();
      for (const [work, call] of calls) settle(work, call, call.hasBegun ? outcome : 'not_sent');
    },
  };
}

/** A call that is admitted and has not begun. */
export function startCall({ ledger, store }: SocketWorkDeps, admission: Admission): SocketCall {
  return {
    admission,
    meter: createMeter(ledger, admission),
    record: createObjectRecord(store.objects, admission),
    hasBegun: false,
    hasAnswer: false,
  };
}

function bodyOf(fields: JsonObject) {
  return { kind: 'json', fields, release() {} } as const;
}

function textOf({ body }: Admission): string {
  return body?.bytes.toString('utf8') ?? '{}';
}

/** The bound that the ledger has put on an answer, in tokens. */
function boundOf({ admission }: SocketCall): number | null {
  const [field = ''] = admission.match.route.output?.caps ?? [];
  const bound = at(parseJson(textOf(admission)), [field]);
  return typeof bound === 'number' ? bound : null;
}

function statusOf({ status }: JsonObject): number {
  return typeof status === 'number' && status >= 400 ? status : 400;
}

function underWay(): Refusal {
  return new Refusal(
    'invalid_request',
    'Wait until what is under way on this socket is done, or open another.',
  );
}

function keyReplaced(): Refusal {
  return new Refusal('broker_unavailable', 'The key has been replaced. Connect again.');
}

/** A socket stays with the key that opened it. */
function usedUp(): Refusal {
  return new Refusal(
    'budget_exceeded',
    "The user's limit is used up, and on this socket the app's own key does not step in. Send the call by HTTP.",
  );
}
