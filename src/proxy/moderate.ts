import type { Logger } from 'pino';
import { type ModerationRequest, type ModerationRules, moderationRequests } from '../catalog/moderation.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Config } from '../config.ts';
import { type JsonObject, parseJson } from '../lib/json.ts';
import { unchecked } from '../store/moderation.ts';
import { readUpTo } from '../vault/read_up_to.ts';
import type { Admission, Judgement } from './admit.ts';
import type { AnswerHead } from './answer.ts';
import { AppGone } from './app_gone.ts';
import { createFailureSink } from './failure_sink.ts';
import { mediaType, responseHeaders } from './headers.ts';
import type { KeyHealth } from './key_health.ts';
import { keysUrl } from './ledger_refusal.ts';
import { Refusal } from './refusal.ts';
import { requestHeaders } from './request_headers.ts';
import type { Upstreams } from './upstream.ts';

/** Has providers judge the content of calls. */
export interface Moderator {
  /**
   * Judges an admitted call, with the key that it is made with.
   * @param whenOver is told what ends this when the call is over: its app has gone away, or its grant has ended
   * @throws AppGone when that is so
   */
  judge(admission: Admission, whenOver: (end: () => void) => void): Promise<Judgement>;
}

interface ModeratorDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly upstreams: Upstreams;
  readonly keyHealth: KeyHealth;
}

/** In milliseconds, for all that is asked about one call. */
const longestWait = 10_000;
/** A verdict on many texts comes to a fraction of it. */
const largestAnswer = 1024 ** 2;

/** Asks over the same connections as calls go. */
export function createModerator({ config, log, upstreams, keyHealth }: ModeratorDeps): Moderator {
  const send = async (
    admission: Admission,
    path: string,
    body: JsonObject,
    signal: AbortSignal,
  ): Promise<{ readonly head: AnswerHead; readonly answer: Buffer }> => {
    const { pool, pathPrefix } = upstreams.find(admission.baseUrl);
    const bytes = Buffer.from(JSON.stringify(body));
    const received = await pool.request({
      method: 'POST',
      path: pathPrefix + path,
      headers: requestHeaders({ ...admission, body: { contentType: 'application/json', bytes } }, {}),
      body: bytes,
      signal,
    });
    const { statusCode: status, headers } = received;
    const head = { status, mediaType: mediaType(headers), headers: responseHeaders(headers) };
    return { head, answer: await readUpTo(largestAnswer, received.body) };
  };

  /** What a refusal of the provider means; its own words go nowhere. */
  const failureOf = (admission: Admission, head: AnswerHead, answer: Buffer): Refusal => {
    let refusal = notJudged('the provider could not read it. Leave out what it does not take');
    const sink = createFailureSink(
      {
        admission,
        fail: ({ code, message, details }) => {
          refusal = failed(code, message, details);
        },
        relay: () => {},
        keyIsBad: () => keyHealth.refused(admission),
        quotaIsUsedUp: () => keyHealth.exhausted(admission),
      },
      head,
      keysUrl(config),
    );
    sink.write(answer);
    sink.end();
    return refusal;
  };

  /** @returns the categories that were found, or why there is no answer */
  const ask = async (
    admission: Admission,
    rules: ModerationRules,
    { body, asked }: ModerationRequest,
    { over, late }: { readonly over: AbortSignal; readonly late: AbortSignal },
  ): Promise<readonly string[] | Refusal> => {
    try {
      const { head, answer } = await send(admission, rules.path, body, AbortSignal.any([over, late]));
      if (head.status >= 400) return failureOf(admission, head, answer);
      const found = head.status === 200 ? rules.found(parseJson(answer.toString('utf8'))) : null;
      return found?.length === asked ? found.flat() : failed('provider_error', 'The answer was not usable.');
    } catch (cause) {
      if (over.aborted) throw new AppGone();
      const code = late.aborted ? 'provider_timeout' : 'provider_error';
      return failed(code, 'The provider did not answer. Try again.', { cause });
    }
  };

  return {
    async judge(admission, whenOver) {
      const { callId, provider, match, checked } = admission;
      const rules = provider.moderation;
      if (!rules) return unjudged(hasNone(provider));
      if (match.route.content === 'elsewhere' || !checked) return unjudged(elsewhere());

      const over = new AbortController();
      whenOver(() => over.abort());
      const signals = { over: over.signal, late: AbortSignal.timeout(longestWait) };
      const { requests, isWhole } = moderationRequests(rules, checked.body);
      const categories = new Set<string>();
      let missing = isWhole ? null : notWhole();
      for (const request of requests) {
        const found = await ask(admission, rules, request, signals);
        if (found instanceof Refusal) {
          missing = found;
          log.warn(
            { err: found.cause, callId, code: found.code },
            'the content of a call could not be judged',
          );
          break;
        }
        for (const category of found) categories.add(category);
      }
      if (categories.size > 0) return flagged([...categories].sort());
      return missing ? unjudged(missing) : { flags: null, refusal: null };
    },
  };
}

function flagged(categories: readonly string[]): Judgement {
  const message = `The provider's moderation finds in this call: ${categories.join(', ')}. Such calls are not sent.`;
  return { flags: categories.join(' '), refusal: new Refusal('content_flagged', message) };
}

function unjudged(refusal: Refusal): Judgement {
  return { flags: unchecked, refusal };
}

const beforehand = 'What this app sends has to be judged harmless first';

function notJudged(why: string): Refusal {
  return new Refusal('content_unchecked', `${beforehand}, and ${why}.`);
}

function failed(...[code, message, details]: ConstructorParameters<typeof Refusal>): Refusal {
  return new Refusal(code, `${beforehand}, and that failed. ${message}`, details);
}

function hasNone({ title }: Provider): Refusal {
  return notJudged(`${title} has no moderation that could do it`);
}

function elsewhere(): Refusal {
  return notJudged('what comes in a session, or is kept, cannot be');
}

function notWhole(): Refusal {
  return notJudged('files, sound, long texts and what is at an address cannot be. Leave them out');
}
